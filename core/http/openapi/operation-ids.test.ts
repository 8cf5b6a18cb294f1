import { expect, test } from 'vitest';
import { OperationIds } from './operation-ids.ts';

test.each([
  ['GET', '/api/v1/crm/contacts/:id', 'getCrmContactsById'],
  ['POST', '/api/v1/crm/contacts/:contact_id/notes', 'postCrmContactsByContactIdNotes'],
  ['PUT', '/files/*', 'putFilesAny'],
  ['GET', '/x/:id(^\\d+$).json', 'getXById'],
  ['GET', '/', 'get'],
] as const)('%s %s without a name of its own is called %s', (method, path, name) => {
  expect(new OperationIds([]).give(method, path, undefined)).toBe(name);
});

test('two operations never have one name, and a chosen name is kept by who chose it first', () => {
  const ids = new OperationIds(['getThings', 'show', 'show']);
  expect([
    ids.give('GET', '/api/v1/things', undefined),
    ids.give('GET', '/api/v2/things', undefined),
    ids.give('GET', '/api/v1/other', 'getThings'),
    ids.give('GET', '/api/v1/a', 'show'),
    ids.give('GET', '/api/v1/b', 'show'),
  ]).toEqual(['getThings2', 'getThings3', 'getThings', 'show', 'show2']);
});
