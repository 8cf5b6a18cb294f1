import { Worker } from 'node:worker_threads';
import { currentScope } from './scope.ts';

/** How patient the watchdog is, and where it reports. */
export interface WatchdogOptions {
  /** How long the loop may stand before it is reported; default 2,000, at least 100. */
  readonly stalledAfterMs?: number;
  /** Where the thread writes its lines, since the main thread cannot; default 1, standard output. */
  readonly descriptor?: number;
}

/** What the thread is started with. */
export interface WatchdogData {
  readonly beats: Int32Array;
  readonly stalledAfterMs: number;
  readonly descriptor: number;
}

/** Name under which the thread finds the scope of the code that it has paused. */
export const scopeSymbolName = 'orchestrall.watchdog.scope';

/**
 * Watches the main loop from a thread of its own. When it stands still, the thread looks at what runs, through the
 * inspector, and writes a line with the plugin in whose scope it runs and the functions on the stack; another line says
 * when the loop goes on. It cannot end the code: an endless loop in a plugin takes the process. A synchronous call into
 * native code is reported without a plugin; a third line then shows the stack near its return. Where the thread itself
 * fails, as nobody takes its lines, the process goes on unwatched and Node's warning says why.
 */
export function startWatchdog(options: WatchdogOptions = {}): AsyncDisposable {
  const stalledAfterMs = Math.max(100, options.stalledAfterMs ?? 2_000);
  const beats = new Int32Array(new SharedArrayBuffer(4));
  Reflect.set(globalThis, Symbol.for(scopeSymbolName), currentScope);
  const data: WatchdogData = { beats, stalledAfterMs, descriptor: options.descriptor ?? 1 };
  const worker = new Worker(new URL('watchdog-thread.ts', import.meta.url), {
    workerData: data,
    execArgv: [],
  });
  worker.unref();
  // Unheard, it would end the process that is to be watched.
  worker.on('error', (error) => process.emitWarning(error));
  const timer = setInterval(() => Atomics.add(beats, 0, 1), stalledAfterMs / 4).unref();
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      Reflect.deleteProperty(globalThis, Symbol.for(scopeSymbolName));
      await worker.terminate();
    },
  };
}
