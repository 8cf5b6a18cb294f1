import { emailField, phoneField, referenceField, textField } from '@orchestrall/sdk/resources';
import { expect, test } from 'vitest';
import { tagsField } from '../fields/tags-field.ts';
import { matchColumns } from './columns.ts';
import type { ImportTargets, Mapping } from './columns.ts';
import { createRowReader } from './read-row.ts';
import { readMapping } from './targets.ts';

const described = { description: 'A field.' };
const fields = {
  first_name: textField(200, { ...described, headers: ['vorname'] }),
  email: emailField({ ...described, headers: ['mail', 'emailaddress'] }),
  phone: phoneField({ ...described, headers: ['tel', 'mobile'] }),
  job_title: textField(200, described),
  company_id: referenceField(described),
  custom_shoe_size: textField(10, described),
  tags: tagsField(),
};
const references = new Map([['company_id', ['domain', 'name']]]);
const targets: ImportTargets = { table: 'contacts', fields, references };

function match(header: readonly string[], mapping: Mapping = {}) {
  const { columns, source, faults } = matchColumns(targets, 'email', header, mapping);
  return { fed: columns.map(({ target }) => target), source: source?.name, faults };
}

test('columns are known by the name of the field, added ones too, in any spelling', () => {
  const header = ['E-MAIL', 'First  Name', 'Custom Shoe-Size', 'company_id', 'Company ID.Name'];
  expect(match(header)).toEqual({
    fed: ['email', 'first_name', 'custom_shoe_size', 'company_id', 'company_id.name'],
    source: undefined,
    faults: [],
  });
});

test('of columns that fit one field the best feeds it; the same name twice is a fault until one is left out', () => {
  expect(match(['Mobile', 'Phone', 'Tel', 'email']).fed).toEqual([null, 'phone', null, 'email']);
  expect(match(['Mail', 'email']).fed).toEqual([null, 'email']);
  const fault = 'line 1: more than one column is read as email; keep one of them';
  expect(match(['Email', 'e-mail']).faults).toEqual([fault]);
  expect(match(['Email', 'Email'], { '#2': null })).toMatchObject({ fed: ['email', null], faults: [] });
  expect(match(['Email', 'x'], { x: 'email' })).toMatchObject({ fed: [null, 'email'], faults: [] });
  expect(match(['a', 'b'], { a: 'email', b: 'email' }).faults).toEqual([fault]);
});

test('a mapping names columns as they stand, by their place, or in any spelling; what it names must be there', () => {
  const mapping = { Kontakt: 'email', '#2': 'tags', 'job title': 'company_id.name' } as const;
  expect(match(['Kontakt', 'Gruppe', 'Job_Title'], mapping).fed).toEqual([
    'email',
    'tags',
    'company_id.name',
  ]);
  expect(match(['email', '#1'], { '#1': 'phone' }).fed).toEqual(['email', 'phone']);
  expect(match(['email'], { Gone: 'phone', '#9': null }).faults).toEqual([
    'line 1: the mapping names the column "Gone", which the file does not have',
    'line 1: the mapping names the column "#9", which the file does not have',
  ]);
});

test('a system is told by its columns, and what it means by a word comes before what the word means elsewhere', () => {
  const outlook = ['Title', 'First Name', 'E-mail Address', 'Business Phone', 'Job Title', 'Company'];
  expect(match(outlook)).toEqual({
    fed: [null, 'first_name', 'email', 'phone', 'job_title', 'company_id.name'],
    source: 'outlook',
    faults: [],
  });
  const salesforce = ['Title', 'FirstName', 'Email', 'MobilePhone', 'Phone', 'Account.Name'];
  expect(match(salesforce)).toEqual({
    fed: ['job_title', 'first_name', 'email', null, 'phone', 'company_id.name'],
    source: 'salesforce',
    faults: [],
  });
  expect(match(['First Name', 'Email', 'Phone']).source).toBeUndefined();
});

test('a header that names nothing, or no key, is a fault', () => {
  expect(match(['a', 'b']).faults).toEqual([expect.stringMatching(/^line 1: no column is known; .*tags/)]);
  expect(match(['phone']).faults).toEqual([
    'line 1: the key column email is missing; add it or choose another key',
  ]);
});

test.each([
  ['not JSON', '/m'],
  ['[]', '/m'],
  ['{"a":"nothing"}', '/m/a'],
  ['{"a/b~c":5}', '/m/a~1b~0c'],
  ['{"a":"company_id.phone"}', '/m/a'],
])('the mapping %s is refused', (text, path) => {
  expect(readMapping(targets, text, '/m').faults).toMatchObject([{ path }]);
});

test('a row is read by its columns: lists are split, empty cells leave a field, references keep their keys', () => {
  const header = ['email', 'tags', 'company_id.name', 'company_id.domain', 'phone', 'x'];
  const matched = matchColumns(targets, 'email', header, {});
  const read = createRowReader(fields, matched);
  expect(read([' a@b.c ', 'one; two,three', "'=Acme", 'acme.example', ' ', 'y'])).toEqual({
    given: { email: 'a@b.c', tags: ['one', 'two', 'three'] },
    references: { company_id: { name: '=Acme', domain: 'acme.example' } },
  });
});

test('of several values in a cell of Google Contacts the first is read, and labels lose their bullets', () => {
  const header = ['First Name', 'Labels', 'E-mail 1 - Value', 'Phone 1 - Value'];
  const read = createRowReader(fields, matchColumns(targets, 'email', header, {}));
  expect(
    read(['Ada', '* myContacts ::: * VIP', 'a@x.example ::: b@x.example', '+1 222 ::: +1 333']).given,
  ).toEqual({
    first_name: 'Ada',
    tags: ['myContacts', 'VIP'],
    email: 'a@x.example',
    phone: '+1 222',
  });
});
