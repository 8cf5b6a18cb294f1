import { textField } from '@orchestrall/sdk/resources';
import { describe, expect, test } from 'vitest';
import { readDeclared } from './read-declared.ts';
import type { CustomFieldInput } from './schemas.ts';
import { customTypes } from './types.ts';

const builtIn = { email: textField(100, { description: 'E-mail.' }) };

function faultsOf(input: Partial<CustomFieldInput>): string[] {
  const whole: CustomFieldInput = { object: 'contacts', name: 'field', type: 'text', ...input };
  return readDeclared(whole, builtIn, 0).faults.map(({ path, message }) => `${path} ${message}`);
}

describe('the name of a custom field', () => {
  test.each([
    ['email', 'is the name of a built-in field; choose another'],
    ['Email', 'is the name of a built-in field, from which case makes no other; choose another'],
    ['id', 'is a word that the API keeps for itself; choose another'],
    ['OR', 'is a word that the API keeps for itself, from which case makes no other; choose another'],
    ['version', 'is a word that the API keeps for itself; choose another'],
    ['custom_x', 'must not begin with custom_'],
    ['', 'must be lower-case letters'],
    ['Größe', 'must be lower-case letters'],
    ['a__b', 'must be lower-case letters'],
    ['_a', 'must be lower-case letters'],
    ['1a', 'must be lower-case letters'],
    ['a-b', 'must be lower-case letters'],
    ['x; drop table contacts; --', 'must be lower-case letters'],
    ['x" text, add column "y', 'must be lower-case letters'],
    ['__proto__', 'must be lower-case letters'],
    ['a'.repeat(51), 'must be at most 50 characters, has 51; shorten it'],
  ])('is not %s', (name, reason) => {
    expect(faultsOf({ name })).toEqual([expect.stringContaining(`/name ${reason}`)]);
  });

  test.each(['a', 'customer_number', 'x1_2', 'constructor', 'a'.repeat(50)])('may be %s', (name) => {
    expect(faultsOf({ name })).toEqual([]);
  });
});

describe('what is said of a type', () => {
  test.each<[Partial<CustomFieldInput>, string]>([
    [{ pattern: '(a+' }, '/pattern has a ( without its )'],
    [{ pattern: '(?=a)' }, '/pattern must not look around'],
    [{ pattern: '((a{99}){99}){99}' }, '/pattern is too large'],
    [{ min_length: 10, max_length: 5 }, '/min_length must be at most max_length, which is 5'],
    [{ max_length: 501 }, '/max_length must be at most 500 for text'],
    [{ type: 'url', max_length: 2_001 }, '/max_length must be at most 2000 for url'],
    [{ type: 'url', max_length: 2_000, unique: true }, '/unique needs a max_length of at most 500'],
    [{ type: 'boolean', unique: true }, '/unique does not go with boolean; it does with text, integer'],
    [{ type: 'long_text', indexed: true }, '/indexed does not go with long_text'],
    [{ type: 'integer', searchable: true }, '/searchable does not go with integer'],
    [{ type: 'integer', minimum: 5, maximum: '4' }, '/minimum must be at most the maximum, which is 4'],
    [{ type: 'integer', minimum: '1.5' }, '/minimum must be a whole number'],
    [{ type: 'decimal', minimum: '1.23456' }, '/minimum must have at most 15 digits before the point and 4'],
    [{ type: 'date', maximum: '2026-02-30' }, '/maximum must be a date'],
    [{ type: 'choice' }, '/options must hold at least one option'],
    [{ type: 'choice', options: [{ value: 'a' }, { value: 'A' }] }, '/options/1/value is that of option 0'],
    [{ type: 'multi_choice', options: [{ value: 'a;b' }] }, '/options/0/value must not hold a comma'],
    [{ type: 'choice', options: [{ value: 'a' }], default: 'b' }, '/default must be one of a'],
    [
      { type: 'choice', options: [{ value: 'a', retired: true }], default: 'a' },
      '/default must not be an option',
    ],
    [{ type: 'reference' }, '/references must be the kind of record that is referred to'],
    [{ type: 'email', references: 'companies' }, '/references does not go with email; what does: pattern'],
    [
      { type: 'boolean', pattern: 'a' },
      '/pattern does not go with boolean; what does: nothing of the kind does',
    ],
    [{ pattern: 'a+', default: 'b' }, '/default must match the pattern a+'],
    [{ unique: true, default: 'b' }, '/default does not go with unique'],
    [{ label: ' ' }, '/label must not be empty'],
  ])('%j is refused', (input, reason) => {
    expect(faultsOf(input)).toEqual([expect.stringContaining(reason)]);
  });

  test('every type can be declared, with what it needs', () => {
    for (const type of customTypes) {
      const options = type.endsWith('choice') ? { options: [{ value: 'a' }] } : {};
      const references = type === 'reference' ? { references: 'companies' as const } : {};
      const known: CustomFieldInput['type'][] = ['text'];
      const [first = 'text'] = known;
      const input = { object: 'contacts', name: 'x', type: first, ...options, ...references } as const;
      const given: CustomFieldInput = Object.assign(input, { type });
      expect([type, readDeclared(given, builtIn, 0).faults]).toEqual([type, []]);
    }
  });

  test('the label is the name in words where none is given, and default and bounds are kept as values are', () => {
    const input = {
      object: 'contacts',
      name: 'net_value',
      type: 'decimal',
      minimum: 0,
      default: '007.50',
    } as const;
    expect(readDeclared(input, builtIn, 3).fields).toMatchObject({
      label: 'Net value',
      minimum: '0',
      default: '7.50',
      digits: { whole: 15, fraction: 4 },
      position: 3,
    });
  });
});
