import type { Log } from '@orchestrall/sdk';

/** What a signal begins. */
export interface SignalOptions {
  readonly log: Log;
  /** Begins the orderly stop, after a start that is under way; its end ends the process with 0, its failure with 1. */
  readonly stop: (reason: string) => Promise<void>;
  /** Ends the process. */
  readonly exit: (code: number) => void;
  /**
   * A signal that comes again this soon, milliseconds, is the same one delivered twice; default 0. Ctrl-C and service
   * managers signal the whole process group, and npm passes on to its script what the script has got by then.
   */
  readonly sameWithinMs?: number;
}

/**
 * SIGTERM and SIGINT stop the appliance in order; a second one ends it at once, with 128 and the signal's number.
 */
export function stopOnSignals(options: SignalOptions): Disposable {
  const numbers = { SIGTERM: 15, SIGINT: 2 } as const;
  const { sameWithinMs = 0 } = options;
  let first: { readonly signal: string; readonly atMs: number } | undefined;
  const onSignal = (signal: keyof typeof numbers): void => {
    if (first !== undefined) {
      if (signal === first.signal && performance.now() - first.atMs < sameWithinMs) return;
      options.log.warn({ signal }, 'second signal: ending at once');
      options.exit(128 + numbers[signal]);
      return;
    }
    first = { signal, atMs: performance.now() };
    options.stop(signal).then(
      () => options.exit(0),
      (error: unknown) => {
        options.log.error({ error }, 'the stop failed');
        options.exit(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return {
    [Symbol.dispose]: () => {
      process.off('SIGTERM', onSignal);
      process.off('SIGINT', onSignal);
    },
  };
}
