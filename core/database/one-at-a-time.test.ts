import { expect, test } from 'vitest';
import { oneAtATime } from './one-at-a-time.ts';

test('work begins when what was given before has ended, also with a failure', async () => {
  const inTurn = oneAtATime();
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = inTurn(async () => {
    seen.push('first begins');
    await gate.promise;
    throw new Error('the first fails');
  });
  const second = inTurn(async () => {
    seen.push('second begins');
    return 2;
  });
  await Promise.resolve();
  expect(seen).toEqual(['first begins']);
  gate.resolve();
  await expect(first).rejects.toThrow('the first fails');
  await expect(second).resolves.toBe(2);
  expect(seen).toEqual(['first begins', 'second begins']);
});
