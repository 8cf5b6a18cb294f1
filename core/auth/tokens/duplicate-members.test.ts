import { expect, it } from 'vitest';
import { hasDuplicateMembers } from './duplicate-members.ts';

it('hasDuplicateMembers() finds a member named twice, also nested, escaped or around arrays', () => {
  for (const json of [
    '{"a":1,"a":2}',
    '{"x":{"a":1,"b":[{"c":1}],"a":2}}',
    '{"a":1,"\\u0061":2}',
    '[{"a":":"},{"b":1,"b":1}]',
  ]) {
    expect(hasDuplicateMembers(json), json).toBe(true);
  }
});

it('hasDuplicateMembers() accepts equal names in different objects and names inside values', () => {
  for (const json of [
    '{"a":{"a":1},"b":{"a":1}}',
    '{"a":"a","b":"\\"a\\":1"}',
    '[{"a":1},{"a":1}]',
    '"a"',
    '{}',
  ]) {
    expect(hasDuplicateMembers(json), json).toBe(false);
  }
});
