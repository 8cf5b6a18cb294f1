import { AppError } from '@orchestrall/sdk';
import { createServer } from 'node:http';
import { afterEach, expect, test, vi } from 'vitest';
import { Logs } from '../telemetry/logs.ts';
import { Policies } from './policies.ts';
import { createResilientFetch } from './resilient-fetch.ts';

const policies = (): Policies =>
  new Policies({ log: new Logs({ destination: { write: () => {} } }).logger('core.resilience') });
const fail = async (): Promise<never> => Promise.reject(new Error('down'));
const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'none';
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
};

afterEach(() => void vi.useRealTimers());

test('retry tries again until it works, and gives the last error when it never does', async () => {
  const policy = policies().named('x', { retry: { attempts: 2, initialDelayMs: 1, maxDelayMs: 2 } });
  let calls = 0;
  const failing = (until: number) => async (): Promise<number> => {
    calls += 1;
    if (calls <= until) throw new Error(`failure ${calls}`);
    return calls;
  };
  expect(await policy.execute(failing(2))).toBe(3);
  calls = 0;
  await expect(policy.execute(failing(9))).rejects.toThrow('failure 3');
});

test('the breaker opens after failures in a row, refuses, and closes after one that works', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const policy = policies().named('host x', { breaker: { failures: 2, halfOpenAfterMs: 10_000 } });
  for (let count = 0; count < 2; count += 1) await expect(policy.execute(fail)).rejects.toThrow('down');
  expect(policy.state).toBe('open');
  expect(await codeOf(policy.execute(async () => 1))).toBe('DEPENDENCY_UNAVAILABLE');
  vi.setSystemTime(Date.now() + 10_000);
  expect(await codeOf(policy.execute(async () => 1))).toBe('none');
  expect(policy.state).toBe('closed');
});

test('an error of the call itself does not open the breaker', async () => {
  const policy = policies().named('x', {
    breaker: { failures: 1, halfOpenAfterMs: 1_000 },
    isFailure: () => false,
  });
  await expect(policy.execute(async () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
  expect(policy.state).toBe('closed');
});

test('a call beyond its time is DEPENDENCY_TIMEOUT and its signal is aborted', async () => {
  const policy = policies().named('x', { timeoutMs: 10 });
  let signal: AbortSignal | undefined;
  const never = async (given: AbortSignal): Promise<never> => {
    signal = given;
    return new Promise(() => {});
  };
  expect(await codeOf(policy.execute(never))).toBe('DEPENDENCY_TIMEOUT');
  expect(signal?.aborted).toBe(true);
});

test('the bulkhead refuses what neither runs nor may wait', async () => {
  const policy = policies().named('x', { bulkhead: { limit: 1, queue: 1 } });
  const gate = Promise.withResolvers<number>();
  const first = policy.execute(() => gate.promise);
  const second = policy.execute(() => gate.promise);
  expect(await codeOf(policy.execute(() => gate.promise))).toBe('DEPENDENCY_BUSY');
  gate.resolve(7);
  expect(await Promise.all([first, second])).toEqual([7, 7]);
});

test('callers of one name share one policy', () => {
  const all = policies();
  expect(all.named('a', {})).toBe(all.named('a', {}));
  expect(all.list().map(({ name }) => name)).toEqual(['a']);
});

test('fetch hands a 503 on, and leaves a host alone after five in a row, other hosts not', async () => {
  let answered = 0;
  const server = createServer((_request, response) => {
    answered += 1;
    response.writeHead(503).end('later');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  try {
    const resilient = createResilientFetch(policies(), fetch);
    for (let count = 0; count < 5; count += 1) {
      const response = await resilient(`http://127.0.0.1:${port}/`);
      expect([response.status, await response.text()]).toEqual([503, 'later']);
    }
    expect(await codeOf(resilient(`http://127.0.0.1:${port}/`))).toBe('DEPENDENCY_UNAVAILABLE');
    expect(answered).toBe(5);
    expect((await resilient(`http://localhost:${port}/`)).status).toBe(503);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

test.each([
  ['for no reason of its own', undefined, 'aborted'],
  ['for a reason of its own', new Error('the generation has ended'), 'the generation has ended'],
])('calls that their caller ends, %s, do not speak against the host', async (_how, reason, message) => {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  try {
    const all = policies();
    const resilient = createResilientFetch(all, fetch);
    for (let count = 0; count < 6; count += 1) {
      const abort = new AbortController();
      const call = resilient(`http://127.0.0.1:${port}/`, { signal: abort.signal });
      abort.abort(reason);
      await expect(call).rejects.toThrow(message);
    }
    expect(all.list()[0]?.state).toBe('closed');
    for (let count = 0; count < 5; count += 1) {
      const call = resilient(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(1) });
      await expect(call).rejects.toThrow('timeout');
    }
    expect(all.list()[0]?.state).toBe('open');
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
