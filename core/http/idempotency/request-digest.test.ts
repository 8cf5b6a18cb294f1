import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { requestDigest, requestIdentity } from './request-digest.ts';

const digest = (body: unknown, url = '/a', headers: Record<string, string> = {}): string =>
  requestDigest({ url, body, headers }).toString('hex');
const identity = (callerId: string, url: string, key: string): string =>
  requestIdentity({ method: 'POST', url }, callerId, key).toString('hex');

test('requestDigest() takes JSON by its values, whatever the order of its fields at any depth', () => {
  expect(digest({ a: 1, b: [{ c: 2, d: 3 }] })).toBe(digest({ b: [{ d: 3, c: 2 }], a: 1 }));
  expect(digest({ a: [1, 2] })).not.toBe(digest({ a: [2, 1] }));
  expect(digest({ a: 1 })).not.toBe(digest({ a: '1' }));
  expect(digest({ a: 1 }, '/a?x=1')).not.toBe(digest({ a: 1 }, '/a?x=2'));
});

test('requestDigest() takes bytes by what they are, and a stream by its length and type', () => {
  expect(digest(Buffer.from('{}'))).not.toBe(digest({}));
  const announced = { 'content-length': '3', 'content-type': 'text/csv' };
  expect(digest(Readable.from(['abc']), '/a', announced)).toBe(
    digest(Readable.from(['xyz']), '/a', announced),
  );
  expect(digest(undefined, '/a', announced)).not.toBe(digest(undefined));
});

test('requestIdentity() keeps callers, paths and keys apart, also where one ends as the other begins', () => {
  expect(identity('ab', '/a', 'c')).not.toBe(identity('a', '/a', 'bc'));
  expect(identity('a', '/a?x=1', 'c')).toBe(identity('a', '/a', 'c'));
  expect(identity('a', '/b', 'c')).not.toBe(identity('a', '/a', 'c'));
});
