import Type from 'typebox';
import type { TSchema } from 'typebox';
import { expect, test } from 'vitest';
import { ValidationError, compileValidator } from './validator.ts';

/** Faults as a route with this schema finds them in a body. */
function faults(schema: TSchema, value: unknown): readonly object[] {
  const result: unknown = compileValidator({ schema, method: 'POST', url: '/', httpPart: 'body' })(value);
  const error = typeof result === 'object' && result !== null && 'error' in result ? result.error : undefined;
  return error instanceof ValidationError ? error.faults : [];
}

const status = Type.Union([Type.Literal('queued'), Type.Literal('running'), Type.Literal('failed')]);
const nullable = (schema: TSchema): TSchema => Type.Union([schema, Type.Null()]);

test.each<[string, TSchema, unknown, string]>([
  ['a union of constants', status, 'done', 'must be one of: queued, running, failed'],
  ['an enum', Type.Enum(['a', 'b']), 'c', 'must be one of: a, b'],
  ['a constant', Type.Literal('1.0'), 'x', 'must be "1.0"'],
  ['a union within a union', nullable(status), 'done', 'must be one of: queued, running, failed, null'],
  [
    'constants of several types',
    Type.Union([Type.Literal('2'), Type.Literal(2), Type.Literal(true), Type.Literal('a b')]),
    0,
    'must be one of: "2", 2, true, "a b"',
  ],
  [
    'a constant or a type',
    Type.Union([Type.Literal('auto'), Type.Integer()]),
    'x',
    'must be one of: auto, integer',
  ],
  ['a type or null', nullable(Type.String()), 1, 'must be one of: string, null'],
  ['a bounded type or null', nullable(Type.Integer({ minimum: 1 })), 0, 'must be >= 1'],
])('a refusal says what %s accepts', (_title, schema, value, message) => {
  expect(faults(schema, value)).toEqual([{ path: '', message }]);
});

test('a refusal names the values where members of a union of objects differ, and their missing fields', () => {
  const schema = Type.Union([
    Type.Object({ kind: Type.Literal('mail'), to: Type.String() }),
    Type.Object({ kind: Type.Literal('chat') }),
  ]);
  expect(faults(schema, { kind: 'fax' })).toEqual(
    expect.arrayContaining([
      { path: '/kind', message: 'must be one of: mail, chat' },
      { path: '/to', message: 'is required' },
    ]),
  );
});

test('a refusal leaves every other message as it is, one for each place', () => {
  const schema = Type.Object({ a: Type.String({ minLength: 3, pattern: '^x' }), 'b/c': Type.Array(status) });
  expect(faults(schema, { a: 'y', 'b/c': ['queued', 'done', 'gone'] })).toEqual([
    { path: '/a', message: expect.stringContaining('3') },
    { path: '/a', message: expect.stringContaining('pattern') },
    { path: '/b~1c/1', message: 'must be one of: queued, running, failed' },
    { path: '/b~1c/2', message: 'must be one of: queued, running, failed' },
  ]);
});

test('a refusal lists every value also where a hundred places are wrong', () => {
  const letters = Array.from({ length: 26 }, (_, index) => `word_${index}`);
  const schema = Type.Array(Type.Union(letters.map((letter) => Type.Literal(letter))));
  const found = faults(
    schema,
    Array.from({ length: 200 }, () => 'no'),
  );
  const message = `must be one of: ${letters.join(', ')}`;
  expect(found.length).toBeGreaterThan(30);
  for (const fault of found) expect(fault).toMatchObject({ message });
});
