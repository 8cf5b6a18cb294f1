import type { AppError, Fault } from '@orchestrall/sdk';
import { packageFailure } from './errors.ts';

/** One fault of a plugin's folder or packed file, complete enough to be shown alone. */
export interface PackageFault extends Fault {
  /** The folder or file at fault. */
  readonly file: string;
  /** What to do about it, one sentence. */
  readonly remedy: string;
}

/** Creates the error `PLUGIN_INVALID` (422) that carries every fault of one plugin in `details.faults`. */
export function packageError(file: string, faults: readonly PackageFault[], cause?: unknown): AppError {
  const reason = faults.map((fault) => `${fault.path === '' ? '' : `${fault.path}: `}${fault.message}`);
  const remedies = [...new Set(faults.map((fault) => fault.remedy))];
  return packageFailure(
    'PLUGIN_INVALID',
    { file, reason: reason.join('; '), remedy: remedies.join(' '), faults },
    cause,
  );
}

/** The error of a single fault; see `packageError`. */
export function singleFault(fault: PackageFault, cause?: unknown): AppError {
  return packageError(fault.file, [fault], cause);
}
