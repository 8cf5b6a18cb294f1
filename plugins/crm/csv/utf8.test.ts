import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Utf8Check } from './utf8.ts';

function check(bytes: Buffer, pieceBytes: number) {
  const utf8 = new Utf8Check();
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const fault = utf8.push(bytes.subarray(at, at + pieceBytes));
    if (fault !== undefined) return fault;
  }
  return utf8.end();
}

const character = fc.constantFrom('a', '\n', 'é', '€', '😀').map((text) => Buffer.from(text));
const byte = fc.integer({ min: 0, max: 255 }).map((value) => Buffer.from([value]));
const pieceBytes = fc.integer({ min: 1, max: 9 });

test('whole characters pass, however they are cut', () => {
  fc.assert(
    fc.property(fc.array(character), pieceBytes, (characters, size) => {
      expect(check(Buffer.concat(characters), size)).toBeUndefined();
    }),
  );
});

test('the first wrong byte is found at its place and line, however the file is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(character, byte)), pieceBytes, (parts, size) => {
      const bytes = Buffer.concat(parts);
      const fault = check(bytes, size);
      expect(fault === undefined).toBe(isUtf8(bytes));
      if (fault === undefined) return;
      const before = bytes.subarray(0, fault.offset);
      expect(isUtf8(before)).toBe(true);
      expect(fault.line).toBe(before.toString().split('\n').length);
      const longer = [1, 2, 3, 4].map((count) => bytes.subarray(0, fault.offset + count));
      expect(longer.some((head) => head.length > fault.offset && isUtf8(head))).toBe(false);
    }),
  );
});
