import Type from 'typebox';
import { expect, test } from 'vitest';
import type { Caller } from '../../http.ts';
import { readIncluded } from './included.ts';
import type { Relation } from './relation.ts';

const by: Caller = { id: 'ada', kind: 'user', name: 'Ada', roles: ['viewer'], teams: [], leads: [] };
const record = Type.Object({ id: Type.String(), shelf_id: Type.String(), name: Type.String() });

/** A relation that notes what it is asked for and shows all but hidden records. */
function shelfRelation(): { readonly relation: Relation; readonly asked: (readonly string[])[] } {
  const asked: (readonly string[])[] = [];
  const relation: Relation = {
    name: 'shelf',
    field: 'shelf_id',
    record: Type.Object({ id: Type.String() }),
    async load(ids) {
      asked.push(ids);
      return ids.filter((id) => id !== 'hidden').map((id) => ({ id }));
    },
  };
  return { relation, asked };
}

const page = ['a', 'hidden', 'a', null].map((shelf_id, index) => ({
  id: `r${index}`,
  version: 1,
  shelf_id,
  name: 'x',
}));

test('a page asks for its related records once, each id once, and answers null for those the caller does not see', async () => {
  const { relation, asked } = shelfRelation();
  const included = readIncluded({ include: 'shelf' }, { record, relations: [relation] }, '');
  const answered = await included?.answer(page, by);
  expect(asked).toEqual([['a', 'hidden']]);
  expect(answered?.map((item) => Reflect.get(item, 'shelf'))).toEqual([{ id: 'a' }, null, { id: 'a' }, null]);
});

test('a page without references asks for nothing', async () => {
  const { relation, asked } = shelfRelation();
  const included = readIncluded({ include: 'shelf' }, { record, relations: [relation] }, '');
  expect(await included?.answer(page.slice(3), by)).toMatchObject([{ id: 'r3', shelf: null }]);
  expect(asked).toEqual([]);
});

test('the service is asked for whole records, and the answer holds what fields names', async () => {
  const { relation } = shelfRelation();
  const request = { include: 'shelf', fields: 'name', limit: 2 };
  const included = readIncluded(request, { record, relations: [relation] }, '');
  expect(included?.request).toEqual({ limit: 2 });
  expect(await included?.answer(page.slice(0, 1), by)).toEqual([
    { id: 'r0', version: 1, name: 'x', shelf: { id: 'a' } },
  ]);
});

test('without include nothing is done, and names that are not declared are refused', () => {
  const { relation } = shelfRelation();
  expect(readIncluded({ fields: 'name' }, { record, relations: [relation] }, '')).toBeUndefined();
  expect(() => readIncluded({ include: 'owner' }, { record, relations: [relation] }, '')).toThrow(
    expect.objectContaining({ code: 'VALIDATION_FAILED' }),
  );
});
