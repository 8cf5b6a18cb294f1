import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mergeFields } from './merge.ts';

const none = { there: {}, here: {} };

test('what changed on one side only goes to the other', () => {
  const agreed = { there: { name: 'A', phone: '1' }, here: {} };
  const merge = mergeFields(agreed, { name: 'B', phone: '1' }, { name: 'A', phone: '2' });
  expect(merge).toEqual({
    toLocal: { phone: '2' },
    toRemote: { name: 'B' },
    conflicts: [],
    settled: { phone: '2' },
  });
});

test('what changed on both sides differently is a conflict, and alike is settled', () => {
  const agreed = { there: { name: 'A', phone: '1' }, here: {} };
  const merge = mergeFields(agreed, { name: 'B', phone: '2' }, { name: 'C', phone: '2' });
  expect(merge).toEqual({
    toLocal: {},
    toRemote: {},
    conflicts: [{ field: 'name', local: 'B', remote: 'C', base: 'A' }],
    settled: { phone: '2' },
  });
});

test('a value that is kept in another spelling is no change of ours', () => {
  const agreed = { there: { domain: 'ACME.example' }, here: { domain: 'acme.example' } };
  const local = { domain: 'acme.example' };
  expect(mergeFields(agreed, local, { domain: 'ACME.example' }).toRemote).toEqual({});
  expect(mergeFields(agreed, local, { domain: 'new.example' }).toLocal).toEqual({ domain: 'new.example' });
});

test('records that meet for the first time fill each other in, and differ only in conflicts', () => {
  const merge = mergeFields(
    none,
    { name: 'Ours', phone: null, city: 'X' },
    { name: 'Theirs', phone: '1', city: null },
  );
  expect(merge.toLocal).toEqual({ phone: '1' });
  expect(merge.toRemote).toEqual({ city: 'X' });
  expect(merge.conflicts.map(({ field }) => field)).toEqual(['name']);
});

test('no value that differs is ever lost: each field goes one way, is settled, or is told', () => {
  const value = fc.constantFrom(null, 'a', 'b', 'c');
  const side = fc.record({ x: value, y: value });
  fc.assert(
    fc.property(side, side, side, (base, local, remote) => {
      const merge = mergeFields({ there: base, here: {} }, local, remote);
      for (const field of ['x', 'y'] as const) {
        const told = merge.conflicts.some((conflict) => conflict.field === field);
        const goes = [field in merge.toLocal, field in merge.toRemote, told].filter(Boolean).length;
        expect(goes).toBe(local[field] === remote[field] ? 0 : 1);
        if (field in merge.toLocal) expect(local[field]).toBe(base[field]);
        if (field in merge.toRemote) expect(remote[field]).toBe(base[field]);
      }
    }),
  );
});
