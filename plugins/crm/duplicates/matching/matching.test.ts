import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CompanyFields } from '../../companies/fields.ts';
import type { ContactFields } from '../../contacts/fields.ts';
import { createCompanyMatcher } from './companies.ts';
import { createContactMatcher } from './contacts.ts';
import { mailboxOf } from './mailbox.ts';
import { phoneNumberOf } from './phone-number.ts';
import { fewestPoints, scoreOf } from './reasons.ts';
import { siteOf } from './site.ts';

const contacts = createContactMatcher('DE');
const companies = createCompanyMatcher('DE');

const owned = { owner_id: null, team_id: null, tags: [] };
const contact = (fields: Partial<ContactFields>): ContactFields => ({
  first_name: null,
  last_name: null,
  email: null,
  phone: null,
  company_id: null,
  ...owned,
  ...fields,
});
const company = (fields: Partial<CompanyFields>): CompanyFields => ({
  name: 'Acme',
  domain: null,
  phone: null,
  website: null,
  parent_id: null,
  ...owned,
  ...fields,
});
const named = (name: string): ContactFields => {
  const [first_name = null, ...rest] = name.split(' ');
  return contact({ first_name, last_name: rest.length === 0 ? null : rest.join(' ') });
};

test.each([
  ['Jürgen Müller', 'Juergen Mueller', 'similar_name'],
  ['Jürgen Müller', 'Jurgen Muller', 'same_name'],
  ['Юрий Гагарин', 'Yuri Gagarin', 'similar_name'],
  ['Дмитрий Иванов', 'Dmitry Ivanov', 'similar_name'],
  ['Ελένη Παπαδοπούλου', 'Eleni Papadopoulou', 'same_name'],
  ['陈 伟', 'Wei Chen', 'same_name'],
  ['陈伟', 'Chen Wei', 'same_name'],
  ['さくら たなか', 'Tanaka Sakura', 'same_name'],
  ['გიორგი ბერიძე', 'Giorgi Beridze', 'same_name'],
  ['Łukasz Żółć', 'Lukasz Zolc', 'same_name'],
  ['Đặng Văn', 'Dang Van', 'same_name'],
  ['Ada Lovelace', 'LOVELACE, Ada', 'same_name'],
  ['Dr. Ada Lovelace', 'Ada Lovelace', 'same_name'],
  ['A. Lovelace', 'Ada Lovelace', 'similar_name'],
  ['Rob Smith', 'Robert Smith', 'similar_name'],
  ['Ada Augusta Lovelace', 'Ada Lovelace', 'similar_name'],
  ['Ada Lovelace', 'Alan Turing', 'different_name'],
  ['Ada Lovelace', 'Ada Turing', 'different_name'],
  ['A. L.', 'Ada Lovelace', 'different_name'],
])('the names %s and %s: %s', (one, other, reason) => {
  expect(contacts.compare(named(one), named(other))).toEqual([reason]);
});

test('a single word says nothing of a name that holds it', () => {
  expect(contacts.compare(named('Lovelace'), named('Ada Lovelace'))).toEqual([]);
  expect(contacts.compare(named('Ada'), named('Ada'))).toEqual(['similar_name']);
});

test.each([
  ['Acme GmbH', 'ACME Inc.', 'same_name'],
  ['Acme GmbH & Co. KG', 'Acme', 'same_name'],
  ['ООО Ромашка', 'Romashka LLC', 'same_name'],
  ['Société Générale S.A.', 'Societe Generale', 'same_name'],
  ['Novo Nordisk A/S', 'Novo Nordisk', 'same_name'],
  ['任天堂株式会社', '任天堂', 'same_name'],
  ['Face Book', 'Facebook Ltd', 'similar_name'],
  ['Müller Bau GmbH', 'Mueller Bau', 'similar_name'],
  ['Acme Software', 'Acme Software Berlin', 'similar_name'],
  ['Acme', 'Apex', 'different_name'],
])('the companies %s and %s: %s', (one, other, reason) => {
  expect(companies.compare(company({ name: one }), company({ name: other }))).toEqual([reason]);
});

test.each([
  ['Ada.Lovelace+news@gmail.com', 'adalovelace@googlemail.com', true],
  ['ada+x@icloud.com', 'ada@me.com', true],
  ['ada@proton.me', 'A.da@pm.me', true],
  ['ada-list@yahoo.com', 'ada@yahoo.com', true],
  ['a.da@outlook.com', 'ada@outlook.com', false],
  ['ada+x@example.com', 'ada@example.com', false],
])('%s and %s reach one mailbox: %s', (one, other, same) => {
  expect(mailboxOf(one) !== undefined && mailboxOf(one) === mailboxOf(other)).toBe(same);
});

test.each([
  ['+49 30 901820', '030 / 90 18 20', true],
  ['0049 (30) 901820', '+4930901820', true],
  ['+44 (0)20 7946 0958', '+442079460958', true],
  ['030 901820 ext. 12', '030 901820 ext. 13', false],
  ['030 901820', '+41 30 901820', false],
  ['12345', '12345', false],
])('the numbers %s and %s are one: %s', (one, other, same) => {
  const number = phoneNumberOf(one, 'DE');
  expect(number !== undefined && number === phoneNumberOf(other, 'DE')).toBe(same);
});

test('without a region, numbers of one country are compared by their digits', () => {
  expect(phoneNumberOf('030 901820', undefined)).toBe('030901820');
});

test.each([
  ['shop.example.co.uk', 'example.co.uk'],
  ['www.example.com', 'example.com'],
  ['münchen.de', 'xn--mnchen-3ya.de'],
  ['facebook.com', undefined],
  ['acme.github.io', 'acme.github.io'],
  ['github.io', undefined],
  ['co.uk', undefined],
])('the site of %s is %s', (domain, site) => {
  expect(siteOf(domain)).toBe(site);
});

const names = fc.oneof(
  fc.constantFrom(
    'Ada',
    'ada',
    'A.',
    'Lovelace',
    'Müller',
    'Mueller',
    'Юрий',
    'Yuri',
    '陈伟',
    'Dr.',
    "O'Neil",
  ),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
);
const someContact = fc
  .record({
    first_name: fc.option(fc.array(names, { maxLength: 3 }).map((words) => words.join(' '))),
    last_name: fc.option(names),
    email: fc.option(fc.constantFrom('ada@gmail.com', 'a.da+1@googlemail.com', 'ada@example.com')),
    phone: fc.option(fc.constantFrom('030 901820', '+49 30 901820', '+1 415 555 2671', '123', 'x')),
    company_id: fc.option(fc.constantFrom('a', 'b')),
  })
  .map(contact);
const someCompany = fc
  .record({
    name: fc
      .array(fc.oneof(names, fc.constantFrom('GmbH', 'Inc.', '& Co.', '株式会社')), { maxLength: 4 })
      .map((words) => words.join(' ')),
    domain: fc.option(fc.constantFrom('example.com', 'eu.example.com', 'example.co.uk')),
    website: fc.option(fc.constantFrom('https://www.example.com/x', 'https://facebook.com/acme')),
    phone: fc.option(fc.constantFrom('030 901820', '+49 30 901820')),
  })
  .map(company);

test('whichever contact comes first, the reasons are the same, and the score is 0 to 100', () => {
  fc.assert(
    fc.property(someContact, someContact, (one, other) => {
      const reasons = contacts.compare(one, other);
      expect(contacts.compare(other, one)).toEqual(reasons);
      const score = scoreOf('contact', reasons);
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(100);
    }),
    { numRuns: 2_000 },
  );
});

test('whichever company comes first, the reasons are the same', () => {
  fc.assert(
    fc.property(someCompany, someCompany, (one, other) => {
      expect(companies.compare(other, one)).toEqual(companies.compare(one, other));
    }),
    { numRuns: 2_000 },
  );
});

test('two contacts that are told to be one have a key in common, by which they are found', () => {
  fc.assert(
    fc.property(someContact, someContact, (one, other) => {
      if (scoreOf('contact', contacts.compare(one, other)) < fewestPoints) return;
      const keys = new Set(contacts.keysOf(one).map(({ key }) => key));
      // What is like by initials alone is found within one company.
      if (contacts.compare(one, other).includes('similar_name')) return;
      expect(contacts.keysOf(other).some(({ key }) => keys.has(key))).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test('no key holds what it was made of', () => {
  const keys = contacts.keysOf(
    contact({ first_name: 'Ada', last_name: 'Lovelace', email: 'ada@gmail.com', phone: '030 901820' }),
  );
  expect(keys).toHaveLength(3);
  for (const { key } of keys) expect(key).toMatch(/^-?\d+$/);
});
