import { expect, test } from 'vitest';
import { nearest } from './nearest.ts';

const known = ['requests_per_minute', 'burst_size', 'port', 'host'];

test.each([
  ['prot', 'port'],
  ['hots', 'host'],
  ['burst', 'burst_size'],
  ['burstSize', 'burst_size'],
  ['REQUESTS-PER-MINUTE', 'requests_per_minute'],
  ['request_per_minut', 'requests_per_minute'],
])('%s is nearest to %s', (name, expected) => {
  expect(nearest(name, known)).toBe(expected);
});

test('a name that is like none has no nearest', () => {
  expect(nearest('colour', known)).toBeUndefined();
  expect(nearest('', known)).toBeUndefined();
  expect(nearest('port', [])).toBeUndefined();
});
