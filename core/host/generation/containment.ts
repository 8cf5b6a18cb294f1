import { currentScope } from '../../telemetry/scope.ts';

/** An error that no code caught, with the plugin in whose scope it was thrown; none for the core. */
export interface UncaughtFault {
  readonly error: unknown;
  readonly kind: 'exception' | 'rejection';
  readonly plugin: string | undefined;
  readonly generation: number | undefined;
}

/**
 * Routes uncaught exceptions and unhandled rejections to whom they belong, by the scope that
 * AsyncLocalStorage carries into the process's handlers. It does not see an error thrown in a listener that
 * another plugin's code emits: there the emitter's scope is current, which is why the seams catch.
 */
export function containFaults(onFault: (fault: UncaughtFault) => void): Disposable {
  const report = (kind: UncaughtFault['kind'], error: unknown): void => {
    const { plugin, generation } = currentScope();
    onFault({ error, kind, plugin, generation });
  };
  const onException = (error: unknown): void => report('exception', error);
  const onRejection = (error: unknown): void => report('rejection', error);
  process.on('uncaughtException', onException);
  process.on('unhandledRejection', onRejection);
  return {
    [Symbol.dispose]: () => {
      process.off('uncaughtException', onException);
      process.off('unhandledRejection', onRejection);
    },
  };
}
