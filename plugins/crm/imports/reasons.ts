import type { AppError, Fault } from '@orchestrall/sdk';

/** Why a row is refused, of the faults of its fields. */
export function reasonOf(faults: readonly Fault[]): string {
  return faults.map(({ path, message }) => `${path.slice(1)} ${message}`.trim()).join('; ');
}

/** Why a row is refused, of the refusal of its record. */
export function refusalOf(error: AppError): string {
  const { faults } = error.details;
  return faults === undefined || faults.length === 0 ? error.message : reasonOf(faults);
}
