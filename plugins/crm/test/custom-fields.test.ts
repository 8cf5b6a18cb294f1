import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCrm } from './support.ts';
import type { Answer, CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm();
});
afterAll(() => crm[Symbol.asyncDispose]());

const path = '/custom-fields';

async function declare(body: object): Promise<Answer> {
  return crm.send('POST', path, { role: 'admin', body: { object: 'contacts', ...body } });
}

async function declared(body: object): Promise<Answer['body']> {
  const answer = await declare(body);
  if (answer.status !== 201) throw new Error(`it was not declared: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Ids of the contacts that a filter finds, in an order. */
async function found(filter: object, sort = 'created_at'): Promise<string[]> {
  const query = new URLSearchParams({ filter: JSON.stringify(filter), sort });
  const { status, body } = await crm.send('GET', `/contacts?${query.toString()}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.items.map(({ id }: { id: string }) => id);
}

interface Typed {
  readonly type: string;
  readonly settings?: object;
  /** Values of two records in their order, and what the second is kept as. */
  readonly values: readonly [unknown, unknown];
  readonly kept?: readonly [unknown, unknown];
  /** A filter that finds the second alone. */
  readonly filter?: unknown;
  readonly sorts?: boolean;
  readonly refused: readonly [unknown, string | RegExp];
  /** What a cell of a file holds for the second. */
  readonly cell?: string;
}

const company = { id: '' };
const types: readonly Typed[] = [
  {
    type: 'text',
    settings: { min_length: 2, max_length: 20, pattern: '[^x]*' },
    values: ['  Ärmel ', 'Zoo'],
    kept: ['Ärmel', 'Zoo'],
    filter: { starts_with: 'ZO' },
    refused: ['x1', 'must match the pattern [^x]*'],
  },
  {
    type: 'long_text',
    values: ['line 1\nline 2', 'b'.repeat(9_000)],
    sorts: false,
    refused: ['b'.repeat(10_001), 'must not have more than 10000 characters'],
  },
  {
    type: 'integer',
    settings: { minimum: -5, maximum: '9000000000' },
    values: [-5, 9_000_000_000],
    filter: { gt: 7 },
    refused: [9_000_000_001, 'must be at most 9000000000'],
    cell: '9000000000',
  },
  {
    type: 'decimal',
    settings: { digits: { whole: 30, fraction: 10 }, maximum: '123456789012345678901234567890.5' },
    values: ['-0.50', '123456789012345678901234567890.4999999999'],
    filter: { gte: '1.5' },
    refused: ['123456789012345678901234567890.6', 'must be at most 123456789012345678901234567890.5'],
  },
  { type: 'boolean', values: [false, true], filter: true, refused: ['perhaps', /boolean|true or false/] },
  {
    type: 'date',
    settings: { minimum: '1900-01-01' },
    values: ['1999-12-31', '2026-11-20'],
    filter: { gt: '2000-01-01' },
    refused: ['1899-12-31', 'must be at least 1900-01-01'],
  },
  {
    type: 'date_time',
    values: ['2026-11-20T08:30:00+02:00', '2026-11-20T08:30:00.123Z'],
    kept: ['2026-11-20T06:30:00.000Z', '2026-11-20T08:30:00.123Z'],
    filter: { gte: '2026-11-20T08:30:00.123Z' },
    refused: ['yesterday', /date-time|instant/],
  },
  {
    type: 'choice',
    settings: { options: [{ value: 'cold' }, { value: 'hot', label: 'Very hot' }] },
    values: ['cold', 'hot'],
    filter: { in: ['hot'] },
    refused: ['warm', 'must be one of: cold, hot, null'],
    cell: 'very HOT',
  },
  {
    type: 'multi_choice',
    settings: { options: [{ value: 'a' }, { value: 'b' }, { value: 'c' }], indexed: true },
    values: [['a'], ['c', 'b', 'b']],
    kept: [['a'], ['b', 'c']],
    filter: { has_all: ['b', 'c'] },
    sorts: false,
    refused: [['d'], 'must be one of: a, b, c'],
    cell: 'c; B',
  },
  {
    type: 'reference',
    settings: { references: 'companies' },
    values: [null, company],
    filter: company,
    refused: ['01890a5d-ac96-774b-bcce-b302099a8057', /no company has the id/],
  },
  {
    type: 'url',
    values: ['https://a.example', 'https://b.example/Path'],
    filter: 'HTTPS://B.example/path',
    refused: ['ftp://a.example', 'must be an address such as https://example.com'],
  },
  {
    type: 'email',
    values: ['Ada@example.com', 'grace@example.com'],
    filter: 'GRACE@example.com',
    refused: ['nobody', 'must be one e-mail address such as ada@example.com'],
  },
  {
    type: 'phone',
    values: ['+44 20 1', '+49 (30) 2'],
    filter: '+49 30 2',
    refused: ['12', 'must hold 3 to 20 digits, holds 2'],
  },
];

describe('a field of each type', () => {
  test.each(types)(
    '$type is created, changed, filtered, sorted, picked, exported, imported, told and described as a built-in one',
    async ({ type, settings = {}, values, kept = values, filter, sorts = true, refused, cell }) => {
      company.id = (await crm.create('companies', { name: 'Acme' })).id;
      const real = (value: unknown) => (value === company ? company.id : value);
      const name = `of_${type}`;
      const field = await declared({ name, type, label: `My ${type} field`, ...settings });
      expect(field).toMatchObject({ name, answered_as: name, type, removed_at: null, version: 1 });

      const first = await crm.create('contacts', { first_name: 'First', [name]: real(values[0]) });
      const second = await crm.create('contacts', { first_name: 'Second' });
      expect([first[name], second[name]]).toEqual([real(kept[0]), null]);
      const { status, body } = await crm.send('PATCH', `/contacts/${second.id}`, {
        body: { [name]: real(values[1]) },
      });
      expect([status, body[name]]).toEqual([200, real(kept[1])]);
      expect((await crm.send('GET', `/contacts/${second.id}`)).body[name]).toEqual(real(kept[1]));

      if (filter !== undefined) expect(await found({ [name]: real(filter) })).toEqual([second.id]);
      if (sorts) {
        const ordered = await found({ id: { in: [first.id, second.id] } }, `-${name}`);
        expect(ordered).toEqual([second.id, first.id]);
      }
      const picked = await crm.send('GET', `/contacts?fields=${name}&filter={"id":"${second.id}"}`);
      expect(picked.body.items).toEqual([{ id: second.id, version: 2, [name]: real(kept[1]) }]);

      const [, updated] = await crm.events(second.id, 2);
      expect(updated?.data).toMatchObject({ contact: { [name]: real(kept[1]) }, changed: [name] });

      const answer = await crm.send('POST', '/contacts', { body: { first_name: 'No', [name]: refused[0] } });
      expect(answer.status, JSON.stringify(answer.body)).toBe(400);
      expect(answer.body.faults[0].message).toMatch(refused[1]);

      const document: unknown = await (await crm.appliance.request('GET', '/openapi.json')).json();
      expect(document).toMatchObject({
        paths: {
          '/api/v1/crm/contacts': {
            post: {
              requestBody: {
                content: {
                  'application/json': {
                    schema: {
                      properties: { [name]: { description: expect.stringContaining(`My ${type} field`) } },
                    },
                  },
                },
              },
            },
          },
        },
      });

      const filed = await crm.send('GET', `/contacts/export?filter={"id":"${second.id}"}`);
      const [header = '', ...rows] = filed.body.trim().split('\r\n');
      const at = header.split(',').indexOf(name);
      expect(at).toBeGreaterThan(0);
      expect(rows).toHaveLength(1);

      const value = cell ?? String(real(kept[1]));
      const file = `email,My ${type} field\nimported-${type}@example.com,"${value}"\n`;
      const queued = await crm.send('POST', '/imports?object=contacts&key=email', { body: file });
      expect(queued.status, JSON.stringify(queued.body)).toBe(202);
      const ended = await crm.importEnded(queued.body.id);
      expect(ended).toMatchObject({ status: 'completed', rows_created: 1, rows_failed: 0 });
      const [imported] = await found({ email: `imported-${type}@example.com` });
      expect((await crm.send('GET', `/contacts/${imported}`)).body[name]).toEqual(real(kept[1]));
    },
  );
});

test('searches look into a field that says so, by its words or its digits, and into no other', async () => {
  await declared({ name: 'nickname', type: 'text', searchable: true });
  await declared({ name: 'second_phone', type: 'phone', searchable: true });
  await declared({ name: 'remark', type: 'text' });
  const values = { nickname: 'Fuzzball', second_phone: '+49 (30) 777-888', remark: 'Unheard' };
  const record = await crm.create('contacts', { first_name: 'Searched', ...values });
  const ids = async (q: string): Promise<string[]> => {
    const { body } = await crm.send('GET', `/contacts?q=${q}`);
    return body.items.map(({ id }: { id: string }) => id);
  };
  expect(await ids('fuzz')).toEqual([record.id]);
  expect(await ids('4930777')).toEqual([record.id]);
  expect(await ids('unheard')).toEqual([]);
});

test.each([
  ['companies', { name: 'Acme' }],
  ['deals', { name: 'Big one' }],
  ['activities', { type: 'task', subject: 'Call' }],
])('%s have custom fields as contacts have', async (object, fields) => {
  const field = await declared({ object, name: 'ticket', type: 'integer', unique: true });
  expect(field.object).toBe(object);
  const made = await crm.send('POST', `/${object}`, { body: { ...fields, ticket: 1 } });
  expect([made.status, made.body.ticket]).toEqual([201, 1]);
  const again = await crm.send('POST', `/${object}`, { body: { ...fields, ticket: 1 } });
  expect([again.status, again.body.code]).toEqual([409, 'VALUE_TAKEN']);
  const { body } = await crm.send('GET', `/${object}?filter={"ticket":{"gte":1}}&sort=-ticket`);
  expect(body.items.map(({ id }: { id: string }) => id)).toEqual([made.body.id]);
});

describe('a declaration that cannot be', () => {
  test.each([
    [{ name: 'email', type: 'text' }, 400, '/name'],
    [{ name: 'x"; drop table contacts; --', type: 'text' }, 400, '/name'],
    [{ name: 'a'.repeat(10_000), type: 'text' }, 400, '/name'],
    [{ name: 'a', type: 'money' }, 400, '/type'],
    [{ name: 'a', type: 'text', object: 'custom_fields' }, 400, '/object'],
    [{ name: 'a', type: 'text', pattern: '(a+)+('.repeat(100) }, 400, '/pattern'],
    [{ name: 'a', type: 'text', pattern: String.raw`(a)\1` }, 400, '/pattern'],
    [{ name: 'a', type: 'text', nonsense: true }, 400, '/nonsense'],
    [{ name: 'a', type: 'decimal', digits: { whole: 1_000, fraction: 0 } }, 400, '/digits/whole'],
    [
      {
        name: 'a',
        type: 'choice',
        options: Array.from({ length: 10_000 }, (_, value) => ({ value: `v${value}` })),
      },
      400,
      '/options',
    ],
    [{ name: 'a', type: 'text', default: { deep: [] } }, 400, '/default'],
    [{ name: 'a', type: 'text', label: 'L\u0000' }, 400, '/label'],
  ])('%# is refused at its place', async (body, status, at) => {
    const answer = await declare(body);
    expect([answer.status, answer.body.faults[0].path]).toEqual([status, at]);
  });

  test('a pattern that takes other engines for ever holds up nothing', async () => {
    await declared({ name: 'bomb', type: 'text', pattern: '(a*)*(a*)*(a|a)*b' });
    const { status } = await crm.send('POST', '/contacts', {
      body: { first_name: 'B', bomb: 'a'.repeat(500) },
    });
    expect(status).toBe(400);
  });
});
