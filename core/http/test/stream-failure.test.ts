import { afterEach, beforeEach, expect, test } from 'vitest';
import { createHarness } from './harness.ts';
import type { Harness } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await createHarness();
});
afterEach(async () => harness[Symbol.asyncDispose]());

test.each([
  ['at once', '/at-once'],
  ['later', '/later'],
])('an event stream whose handler fails %s ends with a reason, and the error is logged', async (_, path) => {
  const config = { access: 'public' } as const;
  harness.core.instance.get('/at-once', { config }, (_request, reply) => {
    reply.sse().send({ data: 1 });
    throw new Error('the source is gone');
  });
  harness.core.instance.get('/later', { config }, async (_request, reply) => {
    reply.sse().send({ data: 1 });
    await new Promise((resolve) => setImmediate(resolve));
    throw new Error('the source is gone');
  });
  const url = await harness.listen();
  const answer = await fetch(`${url}${path}`);
  expect(await answer.text()).toContain('event: end\ndata: {"reason":"internal_error"}\n\n');
  await expect.poll(() => harness.activity.of('stream')).toBe(0);
  const errors = harness.lines.filter(({ level }) => level === 'ERROR');
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatchObject({ error: { message: 'the source is gone' } });
});
