import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { effectPort } from '../../../database/effects.ts';
import type { TestDatabase } from '../../../testing/postgres.ts';
import type { Database } from '../../database.ts';
import type { RecordPage } from '../service.ts';
import { columnsOf } from '../query/columns.ts';
import { writeCursor } from '../query/cursor.ts';
import { listName } from '../query/list-request.ts';
import type { ListRequest } from '../query/list-request.ts';
import { createTableService } from '../table/table-service.ts';
import { filter, holds } from './plain-filter.ts';
import {
  compareKeys,
  keyOf,
  ordered,
  propertyRuns,
  somebody,
  thing,
  things,
  thingsDatabase,
} from './things.ts';
import type { Thing } from './things.ts';

let store: TestDatabase;
let database: Database;
let service: ReturnType<typeof createTableService>;

beforeAll(async () => {
  store = await thingsDatabase();
  const engine = await store.open();
  engine.connectEffects({
    emit: effectPort({ prepare: () => ({ effect: undefined, result: '' }), statements: () => [] }),
    audit: effectPort<[entry: unknown], void, undefined>({
      prepare: () => ({ effect: undefined, result: undefined }),
      statements: () => [],
    }),
  });
  database = engine.forPlugin('things');
  service = createTableService(things, database);
});
afterAll(() => store?.[Symbol.asyncDispose]());

const timeout = 60_000 + propertyRuns * 2_000;
const check = async <Given extends [unknown, ...unknown[]]>(
  property: fc.IAsyncProperty<Given>,
): Promise<void> => fc.assert(property, { numRuns: propertyRuns });

/** Replaces all things; each as it is answered. */
async function fill(given: readonly object[]): Promise<Thing[]> {
  return database.transaction(async (tx) => {
    await tx.query('delete from things');
    const made = [];
    for (const input of given) made.push(await service.create(tx, input, somebody));
    return made as unknown as Thing[];
  });
}

/** What became of a list: a page, or the code it was refused with. */
const outcome = async (request: ListRequest): Promise<unknown> =>
  service.list(request, somebody).then(
    () => 'page',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  );

/** Every page of a list, `between` called before each but the first. */
async function walk(
  request: ListRequest,
  between: () => Promise<void> = async () => undefined,
): Promise<Thing[]> {
  const items: Thing[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page: RecordPage = await service.list({ ...request, cursor }, somebody);
    expect(page.items.length).toBeLessThanOrEqual(request.limit ?? 50);
    items.push(...(page.items as Thing[]));
    cursor = page.next_cursor;
    if (cursor !== null) await between();
  }
  return items;
}

const sorts = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...ordered, 'id' as const), fc.boolean()), {
    maxLength: 3,
    selector: ([name]) => name,
  })
  .map((keys) => keys.map(([name, descending]) => ({ name, descending })));
type Sort = readonly { readonly name: string; readonly descending: boolean }[];

const toText = (keys: Sort): string =>
  keys.map(({ name, descending }) => `${descending ? '-' : ''}${name}`).join(',');

/** The order that a sort asks for, told without SQL: missing values last, equals by id in the last direction. */
function order(keys: Sort) {
  const whole = keys.some(({ name }) => name === 'id')
    ? keys
    : [...keys, { name: 'id', descending: keys.at(-1)?.descending ?? false }];
  return (left: object, right: object): number => {
    for (const { name, descending } of whole) {
      const [one, other] = [left, right].map((record) => keyOf(name, Reflect.get(record, name)));
      if (one === undefined || other === undefined) {
        if (one !== other) return one === undefined ? 1 : -1;
      } else {
        const difference = compareKeys(one, other);
        if (difference !== 0) return descending ? -difference : difference;
      }
    }
    return 0;
  };
}

const idsOf = (records: readonly object[]): string[] =>
  records.map((record) => String(Reflect.get(record, 'id')));

test(
  'any filter finds exactly what telling it record by record finds, and counts it',
  { timeout },
  async () => {
    await check(
      fc.asyncProperty(
        fc.array(thing, { minLength: 1, maxLength: 25 }),
        fc.array(filter, { minLength: 1, maxLength: 5 }),
        async (given, filters) => {
          const records = await fill(given);
          for (const asked of filters) {
            const expected = idsOf(records.filter((record) => holds(asked, record)));
            for (const sent of [asked, JSON.stringify(asked)]) {
              const page = await service.list({ filter: sent, limit: 200, count: true }, somebody);
              expect(idsOf(page.items)).toEqual(expected.toSorted());
              expect(page.count).toEqual({ value: expected.length, estimated: false });
            }
          }
        },
      ),
    );
  },
);

test(
  'any order gives every record once, at any size of the page, as a sort in memory does',
  { timeout },
  async () => {
    await check(
      fc.asyncProperty(
        fc.array(thing, { maxLength: 25 }),
        fc.array(fc.tuple(sorts, fc.integer({ min: 1, max: 9 })), { minLength: 1, maxLength: 5 }),
        async (given, walks) => {
          const records = await fill(given);
          for (const [keys, limit] of walks) {
            const sorted = records.toSorted(order(keys));
            expect(idsOf(await walk({ sort: toText(keys), limit }))).toEqual(idsOf(sorted));
          }
        },
      ),
    );
  },
);

const write = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), at: fc.constant(0), given: thing }),
  fc.record({ kind: fc.constant('update' as const), at: fc.nat(40), given: thing }),
  fc.record({ kind: fc.constant('delete' as const), at: fc.nat(40), given: thing }),
);

test(
  'records that nobody touches come once and in order, whatever is written between the pages',
  { timeout },
  async () => {
    await check(
      fc.asyncProperty(
        fc.array(thing, { minLength: 3, maxLength: 25 }),
        fc.array(fc.array(write, { maxLength: 3 }), { maxLength: 8 }),
        sorts,
        fc.integer({ min: 1, max: 4 }),
        async (given, writes, keys, limit) => {
          const records = await fill(given);
          const touched = new Set<string>();
          const pending = [...writes];
          const between = async (): Promise<void> => {
            for (const { kind, at, given: input } of pending.shift() ?? []) {
              const id = records[at % records.length]?.id ?? '';
              await database.transaction(async (tx) => {
                if (kind === 'insert') await service.create(tx, input, somebody);
                else if (kind === 'update' && !touched.has(id)) await service.update(tx, id, input, somebody);
                else if (!touched.has(id)) await service.remove(tx, id, somebody);
              });
              if (kind !== 'insert') touched.add(id);
            }
          };
          const seen = idsOf(await walk({ sort: toText(keys), limit }, between));
          const untouched = idsOf(records.toSorted(order(keys))).filter((id) => !touched.has(id));
          expect(seen.filter((id) => untouched.includes(id))).toEqual(untouched);
        },
      ),
    );
  },
);

test('instants finer than the wire shows are paged without a repeat', async () => {
  const records = await fill(Array.from({ length: 6 }, (_, index) => ({ title: `t${index}`, labels: [] })));
  for (const [index, { id }] of records.entries()) {
    await database.query(
      `update things set seen_at = '2026-01-01T00:00:00Z'::timestamptz + $2 * interval '1 microsecond' where id = $1`,
      [id, index],
    );
  }
  for (const sort of ['seen_at', '-seen_at', 'seen_at,-title']) {
    const seen = idsOf(await walk({ sort, limit: 1 }));
    expect(seen).toEqual(sort.startsWith('-') ? idsOf(records).toReversed() : idsOf(records));
  }
});

const anyKey = fc.oneof(
  fc.jsonValue({ maxDepth: 1 }),
  fc.constantFrom(
    '2026-11-20T24:00:00.000000Z',
    '0000-12-31T00:00:00.000000Z',
    '2026-02-30',
    '\u0000',
    '\ud800',
    '1e400',
    'NaN',
    'infinity',
    '-infinity',
    '99999-01-01',
    9e15,
    1e300,
    0.5,
  ),
);

test(
  'a cursor that was made up is refused, and a position that was made up is never a failure',
  { timeout },
  async () => {
    await fill([
      { title: 'a', labels: [] },
      { title: 'b', labels: [] },
    ]);
    await check(
      fc.asyncProperty(
        sorts,
        fc.array(anyKey, { maxLength: 4 }),
        fc.string(),
        async (keys, position, text) => {
          const sort = toText(keys);
          expect(await outcome({ sort, cursor: text })).toBe('CURSOR_INVALID');
          const list = listName(things.table, { sort }, somebody.id);
          const forged = writeCursor(list, position as never);
          expect(await outcome({ sort, cursor: forged })).toMatch(/^(page|CURSOR_INVALID)$/);
          expect(await outcome({ sort, cursor: `${forged}=` })).toBe('CURSOR_INVALID');
        },
      ),
    );
    // One position for each type of column, so that each kind of faulty value meets its cast.
    for (const name of ordered) {
      for (const value of fc.sample(anyKey, { numRuns: 300, seed: 1 })) {
        const list = listName(things.table, { sort: name }, somebody.id);
        const cursor = writeCursor(list, [value, '018f0000-0000-7000-8000-000000000001'] as never);
        expect(await outcome({ sort: name, cursor }), `${name} ${JSON.stringify(value)}`).toMatch(
          /^(page|CURSOR_INVALID)$/,
        );
      }
    }
  },
);

test('a cursor is good for its list, filter, order and caller alone', async () => {
  await fill(Array.from({ length: 4 }, (_, index) => ({ title: `t${index}`, size: index % 2, labels: [] })));
  const request = { sort: 'size', limit: 1, filter: '{"size":{"gte":0}}' };
  const { next_cursor: cursor } = await service.list(request, somebody);
  expect(cursor).not.toBeNull();
  const refused = { code: 'CURSOR_INVALID', status: 400 };
  const asked = { ...request, cursor: cursor ?? '' };
  await expect(service.list({ ...asked, limit: 3 }, somebody)).resolves.toMatchObject({ next_cursor: null });
  await expect(service.list({ ...asked, sort: '-size' }, somebody)).rejects.toMatchObject(refused);
  await expect(service.list({ ...asked, filter: '{}' }, somebody)).rejects.toMatchObject(refused);
  await expect(service.list(asked, { ...somebody, id: 'other' })).rejects.toMatchObject(refused);
});

const hostile = [
  "size'; drop table things; --",
  'size) or 1=1 --',
  '"size"',
  'things.size',
  'nick_key',
  'pg_sleep(1)',
  '__proto__',
  'constructor',
  'toString',
  '\u0000',
  '',
  ' ',
];

test('names that are not declared are refused wherever they stand, and never reach SQL', async () => {
  await fill([{ title: 'a', labels: [] }]);
  const faulty = { code: 'VALIDATION_FAILED', status: 400 };
  for (const name of hostile) {
    const filters = [`{${JSON.stringify(name)}:1}`, `{"size":{${JSON.stringify(name)}:1}}`];
    for (const asked of filters)
      await expect(service.list({ filter: asked }, somebody)).rejects.toMatchObject(faulty);
    if (name.trim() !== '') {
      await expect(service.list({ sort: name }, somebody)).rejects.toMatchObject(faulty);
      await expect(service.list({ fields: name }, somebody)).rejects.toMatchObject(faulty);
    }
  }
  expect(() => columnsOf(things.fields).get('__proto__')).not.toThrow();
});

test('text in a filter is text, whatever it means to SQL, LIKE or JSON', { timeout }, async () => {
  await check(
    fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), async (given) => {
      const title = `x${given.replaceAll('\u0000', '')}x`.normalize('NFC');
      const [made] = await fill([
        { title, labels: [] },
        { title: 'other', labels: [] },
      ]);
      for (const asked of [
        { title },
        { title: { contains: title } },
        { title: { starts_with: title } },
        { title: { in: [title] } },
      ]) {
        expect(idsOf((await service.list({ filter: asked }, somebody)).items)).toEqual([made?.id]);
      }
    }),
  );
});

const counting = { count: true, limit: 1 };

test('beyond 10,000 records a count is an estimate, and says so', async () => {
  await fill([]);
  await database.query(
    `insert into things (id, title) select gen_random_uuid(), 't' from generate_series(1, 10000)`,
  );
  expect((await service.list(counting, somebody)).count).toEqual({ value: 10_000, estimated: false });
  await database.query(
    `insert into things (id, title) select gen_random_uuid(), 't' from generate_series(1, 5000)`,
  );
  const estimate = (await service.list(counting, somebody)).count;
  expect(estimate?.estimated).toBe(true);
  expect(estimate?.value).toBeGreaterThan(10_000);
});
