import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PrefixTable } from './prefix-table.ts';
import type { GatewayTarget } from './prefix-table.ts';

const target = (): GatewayTarget => ({ dispatch: () => {}, upgrade: () => {} });

test('find() takes the longest prefix at a segment border', () => {
  const [api, crm, crmx] = [target(), target(), target()];
  const table = new PrefixTable([
    { prefix: '/api', target: api },
    { prefix: '/api/crm', target: crm },
    { prefix: '/api/crmx', target: crmx },
  ]);
  expect(table.find('/api/crm')).toBe(crm);
  expect(table.find('/api/crm/contacts?x=/api')).toBe(crm);
  expect(table.find('/api/crm?x')).toBe(crm);
  expect(table.find('/api/crm#x')).toBe(crm);
  expect(table.find('/api/crmx/1')).toBe(crmx);
  expect(table.find('/api/crmy')).toBe(api);
  expect(table.find('/api/cr')).toBe(api);
  expect(table.find('/ap')).toBeUndefined();
  expect(table.find('/apix')).toBeUndefined();
});

test.each([
  ['//api/crm'],
  ['/api//crm'],
  ['/x/../api/crm'],
  ['/./api/crm'],
  ['/api%2Fcrm'],
  ['/%61pi/crm'],
  ['/api/crm%2Fcontacts'],
  ['/API/crm'],
  ['/api/crm;x'],
  ['\u0100api/crm'],
  [''],
  ['*'],
])('find() gives %s to no plugin', (url) => {
  const table = new PrefixTable([{ prefix: '/api/crm', target: target() }]);
  expect(table.find(url)).toBeUndefined();
});

test('find() agrees with a plain comparison for any prefixes and URLs', () => {
  const segment = fc.constantFrom('a', 'ab', 'abc', 'b', 'a-b', '1');
  const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`);
  fc.assert(
    fc.property(
      fc.uniqueArray(path, { maxLength: 12 }),
      path,
      fc.constantFrom('', '/', '?q=1', 'x'),
      (prefixes, url, end) => {
        const entries = prefixes.map((prefix) => ({ prefix, target: target() }));
        const whole = url + end;
        const expected = entries
          .filter(
            ({ prefix }) => whole.startsWith(prefix) && ['', '/', '?'].includes(whole.charAt(prefix.length)),
          )
          .toSorted((a, b) => b.prefix.length - a.prefix.length)[0]?.target;
        expect(new PrefixTable(entries).find(whole)).toBe(expected);
      },
    ),
    { numRuns: 2_000 },
  );
});

test.each([[''], ['/'], ['api'], ['/api/'], ['/a//b'], ['/a b'], ['/ä'], ['/a?b']])(
  'the prefix "%s" is refused',
  (prefix) => {
    expect(() => new PrefixTable([{ prefix, target: target() }])).toThrow(TypeError);
  },
);

test('a prefix given twice is refused', () => {
  const entries = ['/api/crm', '/api', '/api/crm'].map((prefix) => ({ prefix, target: target() }));
  expect(() => new PrefixTable(entries)).toThrow('given twice');
});
