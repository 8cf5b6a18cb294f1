import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { searchDatabase, testDatabase } from '@orchestrall/core/testing';
import type { TestDatabase } from '@orchestrall/core/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { learnWordsJob } from '../../words/vocabulary.ts';
import { eventually, startCrm } from '../support.ts';
import type { CrmAppliance } from '../support.ts';
import { plantPerson } from './planted.ts';
import type { PlantedPerson } from './planted.ts';

const refuser = fileURLToPath(new URL('../fixtures/refuser', import.meta.url));

let database: TestDatabase;
let crm: CrmAppliance;
let person: PlantedPerson;
beforeAll(async () => {
  database = await testDatabase();
  crm = await startCrm({}, true, { database, plugins: [refuser], features: { refuser: true } });
  person = await plantPerson(crm);
  await jobEnded(await crm.database.transaction(async (tx) => tx.enqueue(learnWordsJob, {})));
});
afterAll(async () => {
  await crm[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

async function jobEnded(id: string): Promise<void> {
  await eventually(async () => {
    const response = await crm.appliance.request('GET', `/api/v1/system/jobs/${id}`);
    return JSON.parse(await response.text()).status === 'completed' ? true : undefined;
  });
}

const admin = async (method: string, path: string, body?: object) =>
  crm.send(method, path, { role: 'admin', body });

const erased = async (id: string) =>
  eventually(async () => {
    const { body } = await admin('GET', `/erasures/${id}`);
    return body.finished_at === null ? undefined : body;
  });

/** Doors whose text stands somewhere in the database, with the tables. */
async function found(): Promise<Map<string, string[]>> {
  await crm.database.query('analyze');
  const hits = await searchDatabase(database.connection, [...person.texts.values()]);
  const doors = new Map([...person.texts].map(([door, text]) => [text, door]));
  const tables = new Map<string, string[]>();
  for (const { text, table } of hits) {
    const door = doors.get(text) ?? text;
    tables.set(door, [...(tables.get(door) ?? []), table]);
  }
  return tables;
}

test('at least 50 personal texts were planted, and each stands in the database', async () => {
  expect(person.texts.size).toBeGreaterThanOrEqual(50);
  const tables = await found();
  expect([...person.texts.keys()].filter((door) => !tables.has(door))).toEqual([]);
});

test('a preview counts what would be reached and changes nothing', async () => {
  const { status, body } = await admin('POST', `/contacts/${person.id}/erase`, { preview: true });
  expect(status, JSON.stringify(body)).toBe(200);
  expect(body.contact_ids).toEqual([person.id, person.mergedId].toSorted());
  const reached = body.places.map(({ place }: { place: string }) => place);
  expect(reached).toEqual(
    expect.arrayContaining([
      'contacts',
      'activities',
      'timeline_entries',
      'import_errors',
      'lists',
      'history',
    ]),
  );
  expect((await admin('GET', `/contacts/${person.id}`)).status).toBe(200);
});

test('nobody is erased without a confirmation that repeats who it is, and by nobody but administrators', async () => {
  const path = `/contacts/${person.id}/erase`;
  for (const body of [{}, { confirm: 'other@kept.example' }, { confirm: person.id }]) {
    expect((await admin('POST', path, body)).body).toMatchObject({ code: 'ERASURE_NOT_CONFIRMED' });
  }
  expect((await crm.send('POST', path, { body: { confirm: person.email } })).status).toBe(403);
});

test('after an erasure no personal text stands in any table, in the history, in exports or in files', async () => {
  const { status, body } = await admin('POST', `/contacts/${person.id}/erase`, {
    confirm: person.email.toUpperCase(),
  });
  expect(status, JSON.stringify(body)).toBe(202);
  // Each swap cuts the job wherever it is, as the end of its process would.
  const [report] = await Promise.all([erased(body.id), crm.reload().then(() => crm.reload())]);
  expect(report, JSON.stringify(report)).toMatchObject({ status: 'completed', waits_for: null });
  expect(await found()).toEqual(new Map());

  const texts = [...person.texts.values()];
  const answers = [
    await (await crm.appliance.request('GET', '/api/v1/events?limit=1000')).text(),
    JSON.stringify((await crm.appliance.appliance.rooms.audit.list({ limit: 500 })).items),
    JSON.stringify((await admin('GET', `/erasures/${body.id}`)).body),
    ...(await Promise.all(
      ['contacts', 'companies', 'deals', 'activities'].map(
        async (table) => (await admin('GET', `/${table}/export`)).body,
      ),
    )),
    JSON.stringify(crm.appliance.logs),
    ...(await ownFiles(crm.appliance.dataFolder)),
  ];
  for (const answer of answers) expect(texts.filter((text) => answer.includes(text))).toEqual([]);
});

test('what is not the person’s stays, with a mark where the person was named', async () => {
  const { others, name } = person;
  const { body: note } = await admin('GET', `/activities/${others.activity}`);
  expect(note.body).toBe('Lunch with [erased], write to [erased]\nor call [erased]');
  expect(note.records).toEqual([expect.objectContaining({ id: others.contact })]);
  expect((await admin('GET', `/deals/${others.deal}`)).body.name).toBe('Renewal with [erased]');
  expect((await admin('GET', `/contacts/${others.contact}`)).body).toMatchObject({
    first_name: 'Someone',
    last_name: 'Else',
    email: 'other@kept.example',
  });
  const { body: lists } = await admin('GET', '/lists');
  expect(lists.items.map((list: { name: string }) => list.name)).toContain('Friends of [erased]');
  expect(JSON.stringify(lists)).not.toContain(name);
});

test('the erasure is told by the id alone, and its report says what could not be reached', async () => {
  const events = await crm.events(person.id, 1);
  expect(events.filter(({ type }) => type !== 'event.erased')).toEqual([
    expect.objectContaining({ type: 'contact.erased', data: { id: person.id } }),
  ]);
  const { body } = await admin('GET', '/erasures');
  const [report] = body.items;
  const unreached = report.not_reached.map(({ what }: { what: string }) => what);
  expect(unreached).toEqual(expect.arrayContaining(['backups', 'database files', 'webhook receivers']));
  expect(unreached).toContain('Contact 003A of the outside system');
  expect(await crm.audited(report.id)).toHaveLength(2);
});

/** Files of the data folder, without those of PostgreSQL itself. */
async function ownFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.parentPath.includes('postgres'));
  return Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'utf8')));
}
