import { describe, expect, test } from 'vitest';
import { multiChoiceField, toldChoices } from './list-fields.ts';
import { longTextField } from './text-fields.ts';

describe('multiChoiceField()', () => {
  const field = multiChoiceField(['red', 'green', 'blue'], { description: 'Colours.' });

  test('keeps several names without doubles in the order of the choices, none as null', () => {
    expect(field.read(['blue', 'red', ' blue '])).toEqual({ kept: ['red', 'blue'], faults: [] });
    for (const none of [undefined, null, []]) expect(field.read(none)).toEqual({ kept: null, faults: [] });
  });

  test('takes one name as text, as files hold it', () => {
    expect(field.read('green')).toEqual({ kept: ['green'], faults: [] });
  });

  test('names each place that is none of the choices', () => {
    const message = 'must be one of red, green, blue';
    expect(field.read(['red', 'pink', 5]).faults).toEqual([
      { path: '/1', message },
      { path: '/2', message },
    ]);
    expect(field.read({}).faults).toEqual([{ path: '', message: 'must be a list of texts, is a object' }]);
  });

  test('is filtered as a list, and its schema is one of lists or null', () => {
    expect(field.type).toBe('text[]');
    expect(field.schema).toMatchObject({
      type: ['array', 'null'],
      items: { enum: ['red', 'green', 'blue'] },
      maxItems: 3,
    });
  });

  test('find brings other spellings into the kept one', () => {
    const lax = multiChoiceField(['red'], { description: 'Colours.' }, (given) => given.toLowerCase());
    expect(lax.read('RED').kept).toEqual(['red']);
  });
});

test('toldChoices() tells the first of many names, and how many there are beside', () => {
  const many = Array.from({ length: 23 }, (_, index) => `n${index}`);
  expect(toldChoices(many)).toMatch(/^n0, .*, n19 and 3 more$/);
  expect(toldChoices(['a', 'b'])).toBe('a, b');
});

describe('longTextField()', () => {
  const field = longTextField(20_000, { description: 'Notes.' });

  test('keeps text beyond the length of keys, and is neither filtered nor sorted by', () => {
    const text = 'a'.repeat(20_000);
    expect(field.read(text)).toEqual({ kept: text, faults: [] });
    expect(field.read(`${text}a`).faults[0]?.message).toContain('at most 20000 characters');
    expect(field).toMatchObject({ filterable: false, sortable: false });
  });
});
