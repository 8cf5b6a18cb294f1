import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCrm } from './support.ts';
import type { Answer, CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm();
});
afterAll(() => crm[Symbol.asyncDispose]());

const path = '/custom-fields';
const admin = { role: 'admin' } as const;

function declare(body: object, object = 'contacts'): Promise<Answer> {
  return crm.send('POST', path, { ...admin, body: { object, ...body } });
}

async function declared(body: object, object?: string): Promise<Answer['body']> {
  const answer = await declare(body, object);
  if (answer.status !== 201) throw new Error(`it was not declared: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

const change = (id: string, body: object, headers = {}) =>
  crm.send('PATCH', `${path}/${id}`, { ...admin, body, headers });
const remove = (id: string) => crm.send('DELETE', `${path}/${id}`, admin);
const purge = (id: string) => crm.send('POST', `${path}/${id}/purge`, admin);

describe('a unique field', () => {
  test('refuses the value of another record in any spelling, naming it, also in one batch', async () => {
    const field = await declared({ name: 'customer_code', type: 'text', unique: true });
    const holder = await crm.create('contacts', { first_name: 'A', customer_code: 'Köln 1' });
    const answer = await crm.send('POST', '/contacts', {
      body: { first_name: 'B', customer_code: 'KOLN  1' },
    });
    expect([answer.status, answer.body.code]).toEqual([409, 'VALUE_TAKEN']);
    expect(answer.body.details).toMatchObject({ field: 'customer_code', id: holder.id });
    const other = await crm.create('contacts', { first_name: 'C' });
    const taking = await crm.send('PATCH', `/contacts/${other.id}`, { body: { customer_code: 'köln 1' } });
    expect([taking.status, taking.body.code]).toEqual([409, 'VALUE_TAKEN']);
    const batch = await crm.send('POST', '/contacts/batch', {
      body: {
        items: ['new', 'NEW', 'Köln 1'].map((customer_code) => ({
          action: 'create',
          body: { first_name: 'D', customer_code },
        })),
      },
    });
    expect(batch.body.results.map(({ status }: { status: number }) => status)).toEqual([201, 409, 409]);
    expect(field.version).toBe(1);
  });

  test.each([
    ['integer', 42, '42'],
    ['decimal', '1.50', '1.5'],
    ['email', 'ada@example.com', 'ADA@example.com'],
    ['phone', '+49 30 1234', '+49301234'],
    ['url', 'https://a.example/x', 'HTTPS://A.example/X'],
  ])('of the type %s goes by the value, not by how it is written', async (type, first, second) => {
    const name = `only_${type}`;
    await declared({ name, type, unique: true });
    await crm.create('contacts', { first_name: 'A', [name]: first });
    const same = type === 'integer' ? first : second;
    const answer = await crm.send('POST', '/contacts', { body: { first_name: 'B', [name]: same } });
    expect([answer.status, answer.body.code]).toEqual([409, 'VALUE_TAKEN']);
  });

  test('of many requests for one value at a time one is answered, by creation and by change', async () => {
    await declared({ name: 'seat', type: 'integer', unique: true });
    const made = await Promise.all(
      Array.from({ length: 8 }, () => crm.send('POST', '/contacts', { body: { first_name: 'S', seat: 7 } })),
    );
    expect(made.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, ...Array(7).fill(409)]);
    const records = await Promise.all(
      Array.from({ length: 6 }, () => crm.create('contacts', { first_name: 'T' })),
    );
    const changed = await Promise.all(
      records.map(({ id }) => crm.send('PATCH', `/contacts/${id}`, { body: { seat: 8 } })),
    );
    expect(changed.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array(5).fill(409),
    ]);
    expect(changed.filter(({ status }) => status === 409).map(({ body }) => body.code)).toEqual(
      Array(5).fill('VALUE_TAKEN'),
    );
  });

  test('is a key of imports', async () => {
    await declared({ name: 'erp_id', type: 'text', unique: true });
    await crm.create('contacts', { first_name: 'Old', erp_id: 'E-1' });
    const file = 'erp_id,first_name\ne-1,New\nE-2,Other\nE-2,Again\n';
    const queued = await crm.send('POST', '/imports?object=contacts&key=erp_id', { body: file });
    expect(queued.status, JSON.stringify(queued.body)).toBe(202);
    const ended = await crm.importEnded(queued.body.id);
    expect(ended).toMatchObject({ rows_created: 1, rows_updated: 2, rows_failed: 0 });
  });

  test('is refused over data that are not unique, with the first conflicts, and leaves no trace', async () => {
    const field = await declared({ name: 'nickname', type: 'text' });
    const [one, two] = [
      await crm.create('contacts', { first_name: 'A', nickname: 'Bob' }),
      await crm.create('contacts', { first_name: 'B', nickname: 'BOB' }),
    ];
    const answer = await change(field.id, { unique: true });
    expect([answer.status, answer.body.code]).toEqual([409, 'CUSTOM_FIELD_NOT_UNIQUE']);
    expect(answer.body.details.conflicts).toEqual([{ value: 'bob', records: 2, ids: [one.id, two.id] }]);
    await crm.create('contacts', { first_name: 'C', nickname: 'bob' });
    for (const { body } of [await crm.send('GET', `/contacts?filter={"nickname":"bob"}`)])
      for (const { id } of body.items.slice(1))
        await crm.send('PATCH', `/contacts/${id}`, { body: { nickname: null } });
    expect((await change(field.id, { unique: true })).status).toBe(200);
    expect((await crm.send('PATCH', `/contacts/${two.id}`, { body: { nickname: 'Bob' } })).status).toBe(409);
    expect((await change(field.id, { unique: false })).status).toBe(200);
    expect((await crm.send('PATCH', `/contacts/${two.id}`, { body: { nickname: 'Bob' } })).status).toBe(200);
  });
});

describe('required and default', () => {
  test('hold for new and changed records; those from before are read without a value', async () => {
    const old = await crm.create('companies', { name: 'Old' });
    const field = await declared({ name: 'region', type: 'text', required: true }, 'companies');
    expect((await crm.send('GET', `/companies/${old.id}`)).body.region).toBeNull();
    const without = await crm.send('POST', '/companies', { body: { name: 'New' } });
    expect([without.status, without.body.faults[0].path]).toEqual([400, '/region']);
    const changed = await crm.send('PATCH', `/companies/${old.id}`, { body: { name: 'Old & Co' } });
    expect(changed.body.faults).toEqual([
      { path: '/region', message: 'must be given; the field is required' },
    ]);
    expect((await crm.send('PATCH', `/companies/${old.id}`, { body: { region: 'North' } })).status).toBe(200);
    const cleared = await crm.send('PATCH', `/companies/${old.id}`, { body: { region: null } });
    expect(cleared.status).toBe(400);
    expect((await change(field.id, { required: null })).body.required).toBe(false);
    await crm.create('companies', { name: 'Free' });
  });

  test('a default fills what new records leave out, and nothing that is given or there', async () => {
    const old = await crm.create('contacts', { first_name: 'Old' });
    await declared({ name: 'score', type: 'integer', default: 5, required: true });
    expect((await crm.create('contacts', { first_name: 'New' })).score).toBe(5);
    expect((await crm.create('contacts', { first_name: 'New', score: 0 })).score).toBe(0);
    expect((await crm.send('GET', `/contacts/${old.id}`)).body.score).toBeNull();
    const queued = await crm.send('POST', '/imports?object=contacts&key=email', {
      body: 'email,score\ndefault@example.com,\nother@example.com,9\n',
    });
    await crm.importEnded(queued.body.id);
    const { body } = await crm.send(
      'GET',
      '/contacts?fields=score&sort=score&filter={"email":{"in":["default@example.com","other@example.com"]}}',
    );
    expect(body.items.map(({ score }: { score: number }) => score)).toEqual([5, 9]);
    const patched = await crm.send('PATCH', `/contacts/${body.items[0].id}`, { body: { score: null } });
    expect(patched.body.faults?.[0].message).toBe('must be given; the field is required');
  });
});

describe('PATCH of a definition', () => {
  test('changes label, description, bounds, position and options; what data stand on stays', async () => {
    const field = await declared({
      name: 'rating',
      type: 'choice',
      options: [{ value: 'a' }, { value: 'b' }],
    });
    const holder = await crm.create('contacts', { first_name: 'H', rating: 'b' });
    const lost = await change(field.id, { options: [{ value: 'a' }] });
    expect(lost.body.faults).toEqual([
      {
        path: '/options',
        message: 'must still hold b, which records may have; send it with "retired": true',
      },
    ]);
    const options = [{ value: 'a', label: 'Best' }, { value: 'b', retired: true }, { value: 'c' }];
    const changed = await change(field.id, { label: 'Rating', description: 'How good', options });
    expect(changed.body).toMatchObject({ label: 'Rating', version: 2, options: [{ label: 'Best' }, {}, {}] });
    // Who has a retired option keeps it; nobody is given it anew.
    expect(
      (await crm.send('PATCH', `/contacts/${holder.id}`, { body: { last_name: 'X' } })).body.rating,
    ).toBe('b');
    const refused = await crm.send('POST', '/contacts', { body: { first_name: 'N', rating: 'b' } });
    expect(refused.body.faults).toEqual([
      { path: '/rating', message: 'must not be b, which is retired; records that have it keep it' },
    ]);
    await crm.create('contacts', { first_name: 'N', rating: 'c' });
  });

  test.each([
    [{ name: 'other' }, '/name', 'cannot be changed: it stands in records'],
    [{ type: 'long_text' }, '/type', 'cannot be changed: values are kept'],
    [{ object: 'companies' }, '/object', 'cannot be changed: remove the field'],
    [{ max_length: 10 }, '/max_length', 'can only grow'],
    [{ max_length: 501 }, '/max_length', 'must be at most 500 for text; long_text takes more'],
    [{ unique: true, default: 'x' }, '/default', 'does not go with unique'],
  ])('refuses %j with the reason', async (body, at, reason) => {
    const known = await crm.send('GET', `${path}?filter={"name":"fixed"}`, admin);
    const field = known.body.items[0] ?? (await declared({ name: 'fixed', type: 'text', max_length: 100 }));
    const answer = await change(field.id, body);
    expect(answer.status).toBe(400);
    expect(answer.body.faults[0]).toEqual({ path: at, message: expect.stringContaining(reason) });
  });

  test('text may grow; a version that is not the current one is refused with the current state', async () => {
    const field = await declared({ name: 'growing', type: 'text', max_length: 5 });
    expect((await change(field.id, { max_length: 50 }, { 'if-match': '"1"' })).body.max_length).toBe(50);
    await crm.create('contacts', { first_name: 'G', growing: 'longer than five' });
    const stale = await change(field.id, { label: 'X' }, { 'if-match': '"1"' });
    expect([stale.status, stale.body.details.current.version]).toEqual([412, 2]);
    const none = await crm.appliance.request('PATCH', `/api/v1/crm${path}/${field.id}`, {
      body: { label: 'X' },
    });
    expect(none.status).toBe(428);
  });
});

describe('removal and purge', () => {
  test('a removed field is gone from records and keeps its data, which come back with it', async () => {
    const field = await declared({
      name: 'memory',
      type: 'choice',
      options: [{ value: 'x' }, { value: 'y' }],
    });
    const record = await crm.create('contacts', { first_name: 'M', memory: 'x' });
    expect((await purge(field.id)).body.code).toBe('CUSTOM_FIELD_NOT_REMOVED');
    expect((await remove(field.id)).status).toBe(204);
    const read = await crm.send('GET', `/contacts/${record.id}`);
    expect(Object.keys(read.body)).not.toContain('memory');
    const asked = await crm.send('GET', '/contacts?filter={"memory":"x"}');
    expect(asked.body.faults[0].message).toContain('cannot be filtered by');
    const given = await crm.send('POST', '/contacts', { body: { first_name: 'N', memory: 'x' } });
    expect(given.status).toBe(400);
    expect((await change(field.id, { label: 'X' })).body.code).toBe('CUSTOM_FIELD_REMOVED');
    const other = await declare({ name: 'memory', type: 'text' });
    expect([other.status, other.body.code]).toEqual([409, 'CUSTOM_FIELD_KEPT']);
    const again = await declared({ name: 'memory', type: 'choice', options: [{ value: 'y' }] });
    expect(again).toMatchObject({
      id: field.id,
      removed_at: null,
      options: [
        { value: 'y', retired: false },
        { value: 'x', retired: true },
      ],
    });
    expect((await crm.send('GET', `/contacts/${record.id}`)).body.memory).toBe('x');
    expect((await declare({ name: 'memory', type: 'choice', options: [{ value: 'y' }] })).body.code).toBe(
      'CUSTOM_FIELD_EXISTS',
    );
  });

  test('a purge deletes data and definition for good; the name is free for another type', async () => {
    const field = await declared({ name: 'shortlived', type: 'text', unique: true });
    const record = await crm.create('contacts', { first_name: 'P', shortlived: 'secret' });
    await remove(field.id);
    expect((await purge(field.id)).status).toBe(204);
    expect((await crm.send('GET', `${path}/${field.id}`, admin)).status).toBe(404);
    expect((await purge(field.id)).status).toBe(404);
    const columns = await crm.database.query(
      "select column_name from information_schema.columns where table_name = 'contacts' and column_name like 'custom_shortlived%'",
    );
    expect(columns).toEqual([]);
    await declared({ name: 'shortlived', type: 'integer' });
    expect((await crm.send('GET', `/contacts/${record.id}`)).body.shortlived).toBeNull();
    const events = await crm.events(field.id, 3);
    expect(events.map(({ type }) => type)).toEqual([
      'custom_field.created',
      'custom_field.removed',
      'custom_field.purged',
    ]);
    expect(await crm.audited(field.id)).toHaveLength(3);
  });

  test('the deletion of a record that is referred to leaves the reference empty', async () => {
    await declared({ name: 'supplier', type: 'reference', references: 'companies' });
    const company = await crm.create('companies', { name: 'Supplier', region: 'South' });
    const record = await crm.create('contacts', { first_name: 'R', supplier: company.id });
    expect((await crm.send('DELETE', `/companies/${company.id}`)).status).toBe(204);
    expect((await crm.send('GET', `/contacts/${record.id}`)).body.supplier).toBeNull();
  });
});
