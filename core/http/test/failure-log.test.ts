import { AppError } from '@orchestrall/sdk';
import { expect, test } from 'vitest';
import { createHarness } from './harness.ts';

test('what is refused by design is logged in one line, without a trace', async () => {
  await using harness = await createHarness();
  harness.core.instance.get('/full', { config: { access: 'public' } }, async () => {
    throw new AppError({
      code: 'STORAGE_FULL',
      status: 507,
      message: 'The disk is full.',
      remedy: 'Free space.',
      cause: new Error('read-only transaction'),
    });
  });
  const url = await harness.listen();
  expect((await fetch(`${url}/full`)).status).toBe(507);
  const lines = (): Record<string, unknown>[] => harness.lines.filter(({ code }) => code !== undefined);
  await expect
    .poll(lines)
    .toEqual([
      expect.objectContaining({ level: 'WARNING', code: 'STORAGE_FULL', reason: 'read-only transaction' }),
    ]);
  expect(JSON.stringify(lines())).not.toContain('stack');
});
