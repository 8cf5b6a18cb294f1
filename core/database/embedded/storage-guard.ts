import { pause } from '../../pause.ts';
import { freeBytesOf } from './reserve.ts';

/** Which disk is watched, and who is told. */
export interface StorageGuardOptions {
  /** A folder on the disk to watch. */
  readonly folder: string;
  /** Free bytes below which writing is refused; default 128 MiB. Writing resumes at 1.25 times that. */
  readonly reserveBytes?: number;
  /** Pause between two looks; default 250 ms. */
  readonly intervalMs?: number;
  /** Called now and then while there is space. */
  readonly onSpace?: () => Promise<void>;
  /** Called when the disk becomes full and when it has space again. */
  readonly onChange?: (full: boolean, freeBytes: number) => void;
}

/** Says whether the disk is too full to write on. */
export interface StorageGuard extends AsyncDisposable {
  full(): boolean;
}

/**
 * Watches the free space of the embedded server's disk.
 *
 * PostgreSQL survives a data file that cannot grow, but ends when its log cannot; so writing has to be refused
 * while there is still space for the log.
 */
export function createStorageGuard(options: StorageGuardOptions): StorageGuard {
  const reserveBytes = options.reserveBytes ?? 128 * 1024 * 1024;
  const intervalMs = options.intervalMs ?? 250;
  const stopped = new AbortController();
  let full = false;

  const look = async (): Promise<void> => {
    const freeBytes = await freeBytesOf(options.folder);
    const now = freeBytes < (full ? reserveBytes * 1.25 : reserveBytes);
    if (now !== full) {
      full = now;
      options.onChange?.(full, freeBytes);
    }
    if (!full) await options.onSpace?.();
  };
  const watch = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      // A folder that cannot be looked at for a moment keeps its last state.
      await look().catch(() => undefined);
      await pause(intervalMs, { signal: stopped.signal, ref: false });
    }
  };

  const watching = watch();
  return {
    full: () => full,
    [Symbol.asyncDispose]: async () => {
      stopped.abort();
      await watching;
    },
  };
}
