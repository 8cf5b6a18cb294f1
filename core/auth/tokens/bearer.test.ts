import { expect, it } from 'vitest';
import { bearerToken } from './bearer.ts';

it.each(['Bearer a.b.c', 'bearer a.b.c', 'BEARER a.b.c'])('bearerToken() reads %j', (header) => {
  expect(bearerToken(header)).toBe('a.b.c');
});

it.each([
  undefined,
  '',
  'Bearer',
  'Bearer ',
  'Bearer  a.b.c',
  ' Bearer a.b.c',
  'Bearer\ta.b.c',
  'Bearer a.b.c ',
  'Bearer a b',
  'Bearer a,Bearer b',
  'Bearer a, b',
  'Bearer "a.b.c"',
  'Bearer: a.b.c',
  'Bearer=a.b.c',
  'Bearera.b.c',
  'Token a.b.c',
  'Basic YTpi',
  'Bearer Bearer a.b.c',
  'Bearer a.b.c\u0000',
  'Bearer a.b.c=x',
  'a.b.c',
])('bearerToken() takes nothing out of %j', (header) => {
  expect(bearerToken(header)).toBeUndefined();
});
