import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contactFieldsOf, readContactFields } from '../contacts/fields.ts';
import { keepTag } from './tag.ts';
import { searchQuery, searchWords } from './search-words.ts';

const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue());
const given = fc.record(
  {
    first_name: anything,
    last_name: anything,
    email: fc.oneof(fc.emailAddress(), anything),
    phone: anything,
    tags: fc.oneof(fc.array(fc.string({ unit: 'binary', maxLength: 60 })), anything),
  },
  { requiredKeys: [] },
);

test('what is kept is kept again as it is, and nothing that PostgreSQL cannot store is kept', () => {
  fc.assert(
    fc.property(given, (input) => {
      const { fields, faults } = readContactFields(input);
      if (faults.length > 0) return;
      const bookkeeping = { id: '', created_at: '', updated_at: '', version: 1 };
      expect(readContactFields(contactFieldsOf({ ...fields, ...bookkeeping }))).toEqual({
        fields,
        faults: [],
      });
      const text = JSON.stringify(fields);
      expect(text).not.toContain('\\u0000');
      expect(text).not.toMatch(/\\ud[89a-f]/);
    }),
    { numRuns: 500 },
  );
});

test('a tag has one form', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      const { text: tag } = keepTag(text);
      if (tag !== undefined) expect(keepTag(tag)).toEqual({ text: tag });
    }),
    { numRuns: 500 },
  );
  expect(keepTag('  Early\t ADOPTER ')).toEqual({ text: 'early adopter' });
});

test('a question is made of the beginnings of words', () => {
  expect(searchWords("Kurt Gödel-O'Brien", 'kurt@ias.example')).toEqual([
    'kurt',
    'godel',
    'o',
    'brien',
    'kurt@ias.example',
    'ias',
    'example',
  ]);
  expect(searchQuery("  GÖdel o'B ")).toBe(`'godel':* & 'o':* & 'b':*`);
  expect(searchQuery("x@y'z")).toBe(`'x@y''z':*`);
  expect(searchQuery(' -- ')).toBeUndefined();
});
