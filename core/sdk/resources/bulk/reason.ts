import type { AppError } from '../../errors.ts';

/** Why a record was refused, in one line: each fault where there are some, else the message. */
export function reasonOf({ message, details: { faults = [] } }: AppError): string {
  if (faults.length === 0) return message;
  return faults.map(({ path, message: fault }) => `${path} ${fault}`.trim()).join('; ');
}
