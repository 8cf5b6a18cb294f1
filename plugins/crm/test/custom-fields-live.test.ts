import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestAppliance, testDatabase } from '@orchestrall/core/testing';
import type { RequestOptions, TestAppliance, TestDatabase } from '@orchestrall/core/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from './support.ts';
import type { Answer } from './support.ts';

let database: TestDatabase;
let folder: string;
let one: TestAppliance;
let other: TestAppliance;

beforeAll(async () => {
  database = await testDatabase();
  const access = { viewer: { contacts: { records: 'all', hidden: ['salary'], read_only: [] } } };
  const configuration = { features: { crm_integration: { enabled: true, config: { access } } } };
  one = await createTestAppliance({ database, configuration });
  folder = await mkdtemp(join(tmpdir(), 'orchestrall-fields-'));
  // Replicas have the key that seals signing keys in common.
  await copyFile(join(one.dataFolder, 'appliance.key'), join(folder, 'appliance.key'));
  other = await createTestAppliance({ database, configuration, dataFolder: folder });
});
afterAll(async () => {
  await other[Symbol.asyncDispose]();
  await one[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function ask(
  appliance: TestAppliance,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<Answer> {
  const response = await appliance.request(method, `/api/v1/crm${path}`, {
    ...options,
    headers: { 'if-match': '*', ...options.headers },
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? '' : JSON.parse(text) };
}

function declare(body: object, headers = {}): Promise<Answer> {
  return ask(one, 'POST', '/custom-fields', { body: { object: 'contacts', ...body }, headers });
}

/** CRM's own schema, as its role sees it. */
const tables = () => one.appliance.rooms.database.forPlugin('crm');

/** The custom fields that a replica's contacts have. */
async function fieldsAt(appliance: TestAppliance): Promise<string[]> {
  const { body } = await ask(appliance, 'POST', '/contacts', { body: { first_name: 'Probe' } });
  return Object.keys(body);
}

describe('two replicas', { timeout: 120_000 }, () => {
  test('a field that is declared, changed and removed at one is so at the other', async () => {
    const { body: field } = await declare({ name: 'shared', type: 'text', max_length: 5 });
    expect(await fieldsAt(one)).toContain('shared');
    await eventually(async () => ((await fieldsAt(other)).includes('shared') ? true : undefined));
    const changed = await ask(other, 'PATCH', `/custom-fields/${field.id}`, { body: { max_length: 10 } });
    expect(changed.status).toBe(200);
    const made = await ask(other, 'POST', '/contacts', { body: { first_name: 'A', shared: 'ten chars.' } });
    expect([made.status, made.body.shared]).toEqual([201, 'ten chars.']);
    await eventually(async () => {
      const { status } = await ask(one, 'POST', '/contacts', {
        body: { first_name: 'B', shared: 'ten chars.' },
      });
      return status === 201 ? true : undefined;
    });
    expect((await ask(one, 'DELETE', `/custom-fields/${field.id}`)).status).toBe(204);
    await eventually(async () => ((await fieldsAt(other)).includes('shared') ? undefined : true));
  });

  test('fields of one name declared at both at once are one', async () => {
    const body = { object: 'contacts', name: 'raced', type: 'text' };
    const answers = await Promise.all(
      [one, other, one, other].map((appliance) => ask(appliance, 'POST', '/custom-fields', { body })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409, 409, 409]);
  });

  test('while fields come and go, records are written and read at both without one unexpected answer', async () => {
    const unexpected: string[] = [];
    let answered = 0;
    const ending = new AbortController();
    const writes = async (appliance: TestAppliance, marker: string): Promise<void> => {
      while (!ending.signal.aborted) {
        const made = await ask(appliance, 'POST', '/contacts', {
          body: { first_name: marker, last_name: 'L' },
        });
        const found = await ask(appliance, 'GET', '/contacts?limit=20&sort=-created_at');
        const changed = await ask(appliance, 'PATCH', `/contacts/${made.body.id}`, {
          body: { last_name: 'M' },
        });
        for (const { status, body } of [made, found, changed]) {
          answered += 1;
          if (status !== 200 && status !== 201) unexpected.push(`${status} ${JSON.stringify(body)}`);
        }
      }
    };
    const clients = [writes(one, 'one'), writes(other, 'other'), writes(one, 'third')];
    for (let round = 0; round < 5; round += 1) {
      const { status, body } = await declare({ name: `coming_${round}`, type: 'decimal', indexed: true });
      expect(status).toBe(201);
      const { status: gone } = await ask(one, 'DELETE', `/custom-fields/${body.id}`);
      expect(gone).toBe(204);
      if (round === 2) expect((await ask(one, 'POST', `/custom-fields/${body.id}/purge`)).status).toBe(204);
    }
    ending.abort();
    await Promise.all(clients);
    expect(unexpected).toEqual([]);
    expect(answered).toBeGreaterThan(50);
  });
});

describe('what stands in the way', { timeout: 120_000 }, () => {
  test('a table that a long transaction uses is waited for without holding up anybody else', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const reading = tables().transaction(async (tx) => {
      await tx.query('select count(*) from contacts');
      await released;
    });
    let done = false;
    const declaring = declare({ name: 'patient', type: 'text' }).finally(() => {
      done = true;
    });
    // While the declaration waits, others go on.
    for (let round = 0; round < 5; round += 1)
      expect((await ask(one, 'GET', '/contacts?limit=1')).status).toBe(200);
    expect(done).toBe(false);
    release();
    await reading;
    expect((await declaring).status).toBe(201);
  });

  test('where the new generation does not start, the field is taken back and the request says why', async () => {
    const id = '01890a5d-ac96-774b-bcce-b302099a8057';
    await tables().query(
      `insert into custom_fields (id, object, name, label, type, required, is_unique, indexed, searchable, settings, position)
       values ($1, 'contacts', 'broken', 'Broken', 'nonsense', false, false, false, false, '{}', 0)`,
      [id],
    );
    const answer = await declare({ name: 'unlucky', type: 'text' }, { 'idempotency-key': 'unlucky-1' });
    expect([answer.status, answer.body.code]).toEqual([503, 'PLUGIN_RELOAD_FAILED']);
    expect(await fieldsAt(one)).not.toContain('unlucky');
    await tables().query('delete from custom_fields where id = $1', [id]);
    // The same request, sent again, is not answered by what failed.
    const again = await declare({ name: 'unlucky', type: 'text' }, { 'idempotency-key': 'unlucky-1' });
    expect(again.status, JSON.stringify(again.body)).toBe(201);
    expect(await fieldsAt(one)).toContain('unlucky');
    const repeated = await declare({ name: 'unlucky', type: 'text' }, { 'idempotency-key': 'unlucky-1' });
    expect([repeated.status, repeated.body.id]).toEqual([201, again.body.id]);
    const events = await one.appliance.rooms.bus.history.query({ subject: again.body.id, limit: 10 }, [
      'admin',
    ]);
    expect(events.items.map(({ type }) => type).toSorted()).toEqual([
      'custom_field.created',
      'custom_field.created',
      'custom_field.removed',
    ]);
  });

  test('a role from which a field is hidden learns neither of its values nor of its definition', async () => {
    const { body: field } = await declare({ name: 'salary', type: 'integer' });
    const { body: record } = await ask(one, 'POST', '/contacts', { body: { first_name: 'A', salary: 9 } });
    const viewer = { role: 'viewer' } as const;
    expect(Object.keys((await ask(one, 'GET', `/contacts/${record.id}`, viewer)).body)).not.toContain(
      'salary',
    );
    expect((await ask(one, 'GET', `/custom-fields/${field.id}`, viewer)).status).toBe(404);
    const names = async (options: RequestOptions): Promise<string[]> => {
      const { body } = await ask(one, 'GET', '/custom-fields?fields=name', options);
      return body.items.map(({ name }: { name: string }) => name);
    };
    expect(await names(viewer)).not.toContain('salary');
    expect(await names({ role: 'operator' })).toContain('salary');
    const told = async (roles: readonly ('viewer' | 'operator' | 'admin')[]): Promise<number> =>
      (await one.appliance.rooms.bus.history.query({ subject: field.id, limit: 10 }, [...roles])).items
        .length;
    expect([await told(['viewer']), await told(['operator', 'viewer'])]).toEqual([0, 1]);
    expect((await ask(one, 'POST', '/custom-fields', { role: 'operator', body: {} })).status).toBe(403);
  });
});

test('a hundred fields are served at a time, the next is refused, and so is one index too many', async () => {
  const { body: known } = await ask(one, 'GET', '/custom-fields?limit=200&filter={"object":"companies"}');
  expect(known.items).toEqual([]);
  const names = Array.from({ length: 100 }, (_, index) => `field_${index}`);
  // In groups, whose wishes for a new generation are one.
  for (let from = 0; from < names.length; from += 20) {
    const answers = await Promise.all(
      names.slice(from, from + 20).map((name, index) =>
        ask(one, 'POST', '/custom-fields', {
          body: { object: 'companies', name, type: 'text', indexed: from === 0, position: from + index },
        }),
      ),
    );
    expect(answers.map(({ status, body }) => (status === 201 ? status : JSON.stringify(body)))).toEqual(
      Array(20).fill(201),
    );
  }
  const values = Object.fromEntries(names.map((name) => [name, `value of ${name}`]));
  const made = await ask(one, 'POST', '/companies', { body: { name: 'All', ...values } });
  expect(made.body).toMatchObject(values);
  const more = await ask(one, 'POST', '/custom-fields', {
    body: { object: 'companies', name: 'one_more', type: 'text' },
  });
  expect([more.status, more.body.code]).toEqual([409, 'TOO_MANY_CUSTOM_FIELDS']);
  const { body: last } = await ask(
    one,
    'GET',
    '/custom-fields?filter={"object":"companies","name":"field_99"}',
  );
  const indexed = await ask(one, 'PATCH', `/custom-fields/${last.items[0].id}`, { body: { indexed: true } });
  expect([indexed.status, indexed.body.code]).toEqual([409, 'TOO_MANY_CUSTOM_FIELDS']);
  const exported = await one.request('GET', '/api/v1/crm/companies/export');
  const [header = ''] = (await exported.text()).split('\r\n');
  expect(header.split(',').filter((name) => name.startsWith('field_'))).toEqual(names);
}, 300_000);
