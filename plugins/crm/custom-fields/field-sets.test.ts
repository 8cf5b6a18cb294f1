import { textField } from '@orchestrall/sdk/resources';
import { expect, test } from 'vitest';
import { fieldSetOf } from './field-sets.ts';
import { readDeclared } from './read-declared.ts';
import type { CustomFieldInput } from './schemas.ts';
import type { Definition } from './store.ts';

function definition(input: Partial<CustomFieldInput>, removed_at: string | null = null): Definition {
  const whole: CustomFieldInput = { object: 'contacts', name: 'field', type: 'text', ...input };
  const { fields } = readDeclared(whole, {}, 0);
  const at = '2026-11-20T08:30:00.000Z';
  const bookkeeping = { removed_at, created_at: at, updated_at: at, version: 1 };
  return { id: '01890a5d-ac96-774b-bcce-b302099a8057', ...fields, ...bookkeeping };
}

test('a custom field whose name a later version has built in steps aside and keeps its column', () => {
  const builtIn = { nickname: textField(100, { description: 'Nickname.' }) };
  const { fields, definitions } = fieldSetOf([definition({ name: 'nickname' })], builtIn);
  expect(Object.keys(fields)).toEqual(['custom_nickname']);
  expect(fields['custom_nickname']?.column).toBe('custom_nickname');
  expect(definitions.get('custom_nickname')?.name).toBe('nickname');
});

test('a removed field is not among them', () => {
  expect(fieldSetOf([definition({}, '2026-11-20T08:30:00.000Z')], {}).fields).toEqual({});
});

test('a label that already names a column in files is left to its holder', () => {
  const builtIn = { email: textField(100, { description: 'E-mail.', headers: ['mail'] }) };
  const given = [
    definition({ name: 'one', label: 'Mail' }),
    definition({ name: 'two', label: 'Größe (cm)' }),
    definition({ name: 'three', label: 'GRÖSSE (CM)' }),
    definition({ name: 'four', label: 'groesse' }),
  ];
  const { fields } = fieldSetOf(given, builtIn);
  expect(Object.values(fields).map(({ headers }) => headers)).toEqual([
    [],
    ['große(cm)'],
    ['grosse(cm)'],
    ['groesse'],
  ]);
});
