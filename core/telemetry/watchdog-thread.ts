import { writeSync } from 'node:fs';
import { Session } from 'node:inspector';
import type { Debugger } from 'node:inspector';
import { workerData } from 'node:worker_threads';
import { scopeSymbolName } from './watchdog.ts';
import type { WatchdogData } from './watchdog.ts';

const { beats, stalledAfterMs, descriptor }: WatchdogData = workerData;
const checkMs = stalledAfterMs / 4;
/** Checks without a beat; counted instead of timed, so that a sleeping machine is no stalled loop. */
const limit = 5;
const deepest = 12;

let lastBeat = Atomics.load(beats, 0);
let missed = 0;
let stalledAt: number | undefined;

setInterval(() => {
  const beat = Atomics.load(beats, 0);
  if (beat === lastBeat) {
    missed += 1;
    if (missed === limit) {
      stalledAt = performance.now() - limit * checkMs;
      inspectMain();
    }
    return;
  }
  lastBeat = beat;
  missed = 0;
  if (stalledAt === undefined) return;
  write('WARNING', 'the main loop goes on', { blocked_ms: Math.round(performance.now() - stalledAt) });
  stalledAt = undefined;
}, checkMs);

/** Pauses the main thread for a moment to see what runs; code that is not JavaScript cannot be seen. */
function inspectMain(): void {
  const session = new Session();
  session.connectToMainThread();
  let message = 'the main loop stands still';
  const giveUp = setTimeout(() => {
    report(message, { stack: ['(not in JavaScript: a synchronous call of Node or native code)'] });
    // The pause comes when that call returns, and then shows who made it.
    message = 'the call that blocked the main loop has returned';
  }, 1_000);
  session.on('Debugger.paused', ({ params }) => {
    clearTimeout(giveUp);
    // Node's own functions hide names that the expression needs.
    const seeing = params.callFrames.find(({ url }) => !url.startsWith('node:'));
    const stack = params.callFrames.slice(0, deepest).map(frameText);
    const done = (scope: object): void => {
      session.post('Debugger.resume', () => session.disconnect());
      report(message, { ...scope, stack });
    };
    if (seeing === undefined) done({});
    else readScope(session, seeing.callFrameId, done);
  });
  session.post('Debugger.enable', () => session.post('Debugger.pause'));
}

/** Asks the paused code for the scope it runs in. */
function readScope(session: Session, callFrameId: string, done: (scope: object) => void): void {
  const expression = `globalThis.JSON.stringify(globalThis[globalThis.Symbol.for('${scopeSymbolName}')]?.() ?? {}, ['plugin', 'generation', 'correlationId'])`;
  session.post(
    'Debugger.evaluateOnCallFrame',
    { callFrameId, expression, returnByValue: true },
    (error, answer) => {
      const text: unknown = answer?.result?.value;
      if (error !== null || typeof text !== 'string') return done({});
      const { plugin, generation, correlationId } = JSON.parse(text);
      done({ plugin, generation, correlation_id: correlationId });
    },
  );
}

function frameText({ functionName, url, location }: Debugger.CallFrame): string {
  return `${functionName || '(anonymous)'} ${url}:${location.lineNumber + 1}`;
}

function report(message: string, found: object): void {
  write('CRITICAL', message, {
    blocked_ms: Math.round(performance.now() - (stalledAt ?? performance.now())),
    ...found,
  });
}

/** Longest wait for a reader of the lines, and the pauses in it. */
const patienceMs = 2_000;
const pauseMs = 10;
const nobody = new Int32Array(new SharedArrayBuffer(4));

/** Writes one line whole, also where a pipe that does not block is full and takes a part of it or nothing. */
function write(level: string, message: string, fields: object): void {
  const timestamp = new Date().toISOString();
  const line = { timestamp, level, logger: 'core.watchdog', ...fields, message };
  let rest = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let pauses = 0; rest.length > 0;) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if (!isFull(error) || pauses * pauseMs >= patienceMs) throw error;
      pauses += 1;
      Atomics.wait(nobody, 0, 0, pauseMs);
    }
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}
