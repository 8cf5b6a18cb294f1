import { setTimeout as wait } from 'node:timers/promises';

/** Who ends a pause early, and whether the process stays for it. */
export interface PauseOptions {
  /** Ends the pause when it aborts, at once when it has aborted already. */
  readonly signal: AbortSignal;
  /** Whether the process is kept running meanwhile; default true. */
  readonly ref?: boolean;
}

/**
 * Waits `ms` milliseconds, or until the signal aborts; never rejects. Whoever must know which of the two it was looks
 * at the signal.
 */
export async function pause(ms: number, options: PauseOptions): Promise<void> {
  // It rejects at an abort alone, which the signal tells.
  await wait(ms, undefined, options).catch(() => undefined);
}
