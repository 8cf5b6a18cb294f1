import { expect, test } from 'vitest';
import { Effects } from './effects.ts';

test('undo() goes newest first and reports what throws or hangs without stopping', async () => {
  const effects = new Effects();
  const undone: string[] = [];
  effects.defer('first', () => void undone.push('first'));
  effects.defer('throws', () => {
    throw new Error('no');
  });
  effects.defer('hangs', async () => new Promise<void>(() => {}));
  effects.defer('last', () => void undone.push('last'));
  const faults = await effects.undo(10);
  expect(undone).toEqual(['last', 'first']);
  expect(faults.map((fault) => fault.effect)).toEqual(['hangs', 'throws']);
  expect(() => effects.defer('late', () => {})).toThrow('has ended');
});
