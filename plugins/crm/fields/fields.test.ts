import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contactFields } from '../contacts/fields.ts';
import { readFields } from '@orchestrall/sdk/resources';
import { keepTag } from './tag.ts';

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
      const { fields, faults } = readFields(contactFields, input);
      if (faults.length > 0) return;
      expect(readFields(contactFields, fields)).toEqual({ fields, faults: [] });
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
