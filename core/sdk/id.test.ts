import { expect, test } from 'vitest';
import { createId, isId } from './id.ts';

test('createId() gives version 7 ids that ascend within one process', () => {
  const ids = Array.from({ length: 20_000 }, () => createId());
  expect(
    ids.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)),
  ).toBe(true);
  expect([...ids].toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
});

test('createId() carries the time in its first 48 bits', () => {
  const before = Date.now();
  const time = Number.parseInt(createId().replace('-', '').slice(0, 12), 16);
  expect(time).toBeGreaterThanOrEqual(before);
  expect(time).toBeLessThan(before + 60_000);
});

test('isId() takes a UUID in lower case or capitals, and nothing around it', () => {
  const id = createId();
  for (const text of [id, id.toUpperCase()]) expect(isId(text)).toBe(true);
  for (const text of ['', `${id}\n`, ` ${id}`, `{${id}}`, id.replaceAll('-', ''), id.replace(/^./, 'g')]) {
    expect(isId(text)).toBe(false);
  }
});
