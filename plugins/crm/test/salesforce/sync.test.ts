import { describe, expect, test } from 'vitest';
import type { RecordSource } from '../../provider.ts';
import { decideConflict } from '../../sync/decide.ts';
import { takeAgain } from '../../sync/pull.ts';
import { runSync } from '../../sync/run.ts';
import type { MappingOverrides } from '../../salesforce/mapping/overrides.ts';
import { createMemoryStore } from './memory-store.ts';
import type { Cell } from './stand-in/org.ts';
import { startHarness } from './support.ts';
import { partsOf, plansOf } from './sync-support.ts';

const both: MappingOverrides = {
  Account: { push: 'create_and_update', external_id_field: 'Orchestrall_Id__c' },
  Contact: { push: 'create_and_update', external_id_field: 'Orchestrall_Id__c' },
};

async function startSync(overrides: MappingOverrides = {}) {
  const harness = await startHarness();
  const store = createMemoryStore();
  const plans = await plansOf(harness.transport(), overrides);
  const parts = partsOf(harness.source(), store);
  const planOf = (object: string) => {
    const plan = plans.find((each) => each.object === object);
    if (plan === undefined) throw new Error(`no plan for ${object}`);
    return plan;
  };
  return {
    harness,
    org: harness.org,
    store,
    parts,
    planOf,
    create: (object: string, fields: Record<string, Cell>) => harness.org.create(object, fields).id,
    /** One run, some time later. */
    async run(afterMs = 5_000) {
      harness.org.advance(afterMs);
      const failures = await runSync(parts, plans);
      expect(failures).toEqual([]);
    },
    one: (kind: string) => {
      const [record] = store.all(kind);
      if (record === undefined) throw new Error(`no record of ${kind}`);
      return record;
    },
    [Symbol.asyncDispose]: async () => harness[Symbol.asyncDispose](),
  };
}

const link = (store: ReturnType<typeof createMemoryStore>, id: string) =>
  [...store.tables.links.values()].find((each) => each.externalId === id);

describe('a first run', () => {
  test('takes every mapped object, types and references as they fit', async () => {
    await using sync = await startSync({ Account: { fields: { Regions__c: 'custom_regions' } } });
    const { create, store } = sync;
    const child = create('Account', { Name: 'Child', NumberOfEmployees: 12, Regions__c: 'North;South' });
    const parent = create('Account', { Name: 'Parent', Industry: 'Media' });
    sync.org.update('Account', child, { ParentId: parent });
    const contact = create('Contact', { LastName: 'Lovelace', Email: 'Ada@Acme.example', AccountId: parent });
    const deal = create('Opportunity', {
      Name: 'Engine',
      AccountId: parent,
      Amount: 1_200.5,
      StageName: 'Prospecting',
      CloseDate: '2026-12-24',
    });
    create('Task', { Subject: 'Call', ActivityDate: '2026-11-30', WhoId: contact, WhatId: deal });
    create('Event', { Subject: 'Meet', StartDateTime: Date.parse('2026-11-30T10:00:00Z'), WhatId: parent });
    await sync.run();
    const here = (id: string) => link(store, id)?.localId;
    expect(store.tables.records.get(here(child) ?? '')?.fields).toEqual({
      name: 'Child',
      parent_id: here(parent),
      phone: null,
      industry: null,
      employees: 12,
      custom_regions: ['North', 'South'],
    });
    expect(sync.one('contacts').fields).toMatchObject({
      email: 'ada@acme.example',
      company_id: here(parent),
    });
    expect(sync.one('deals').fields).toMatchObject({ amount: '1200.5', close_date: '2026-12-24' });
    expect(store.all('activities').map(({ fields }) => fields)).toMatchObject([
      {
        type: 'task',
        due_on: '2026-11-30',
        contact_id: here(contact),
        deal_id: here(deal),
        company_id: null,
      },
      { type: 'meeting', starts_at: '2026-11-30T10:00:00.000Z', company_id: here(parent), deal_id: null },
    ]);
    expect(store.tables.missing.size).toBe(0);
  });

  test('lists what it cannot take with the reason, and takes it once it fits', async () => {
    await using sync = await startSync();
    const { store, create } = sync;
    const id = create('Account', { Name: 'Shop', Industry: 'Retail' });
    create('Contact', { LastName: 'One', Email: 'same@acme.example' });
    sync.org.refusesDuplicates = false;
    const second = create('Contact', { LastName: 'Two', Email: 'SAME@acme.example' });
    await sync.run();
    expect([...store.tables.rejections.values()]).toMatchObject([
      { object: 'Account', id, field: 'industry', reason: 'it is none of the choices Energy, Media' },
      { object: 'Contact', id: second, field: '', reason: expect.stringContaining('the e-mail belongs to') },
    ]);
    expect(sync.one('companies').fields).toMatchObject({ name: 'Shop', industry: null });
    sync.org.update('Contact', second, { Email: 'other@acme.example' });
    await takeAgain(sync.parts, sync.planOf('Contact'), [second]);
    expect(store.all('contacts')).toHaveLength(2);
    expect([...store.tables.rejections.values()].map(({ object }) => object)).toEqual(['Account']);
  });

  test('takes an external id that is none of ours for what it is', async () => {
    await using sync = await startSync(both);
    sync.create('Account', { Name: 'Strange', Orchestrall_Id__c: "x'; drop" });
    await sync.run();
    expect(sync.one('companies').fields['name']).toBe('Strange');
  });

  test('joins a record that is here already by its e-mail, and tells where the two differ', async () => {
    await using sync = await startSync(both);
    const { store } = sync;
    const fields = { last_name: 'Lovelace', first_name: 'Ada', email: 'ada@acme.example' };
    store.write('contacts', { fields });
    const id = sync.create('Contact', { LastName: 'Byron', Email: 'Ada@acme.example', Phone: '123' });
    await sync.run();
    expect(sync.one('contacts').fields).toMatchObject({ ...fields, phone: '123' });
    expect([...store.tables.conflicts.values()]).toMatchObject([
      { externalId: id, field: 'last_name', local: 'Lovelace', remote: 'Byron', reason: 'both_changed' },
    ]);
    await sync.run();
    expect(sync.org.records.get(id)?.fields).toMatchObject({ FirstName: 'Ada', LastName: 'Byron' });
  });
});

describe('later runs', () => {
  test('take changes, deletions and records that were restored, each once', async () => {
    await using sync = await startSync();
    const { store, org } = sync;
    const id = sync.create('Account', { Name: 'First' });
    const other = sync.create('Account', { Name: 'Other' });
    await sync.run();
    org.update('Account', id, { Name: 'Second' });
    await sync.run();
    const { version } = store.all('companies')[0] ?? {};
    expect(store.all('companies').map(({ fields }) => fields['name'])).toEqual(['Second', 'Other']);
    await sync.run();
    expect(store.all('companies')[0]?.version).toBe(version);
    org.delete('Account', other);
    await sync.run();
    expect(store.all('companies')).toHaveLength(1);
    org.restore(other);
    await sync.run();
    await sync.run();
    expect(store.all('companies')).toHaveLength(2);
  });

  test('find a change that was under way, with an older stamp, when the last run passed', async () => {
    await using sync = await startSync();
    const id = sync.create('Account', { Name: 'Before' });
    await sync.run();
    sync.org.update('Account', id, { Name: 'After' }, 50_000);
    sync.org.create('Account', { Name: 'New' }, 50_000);
    await sync.run(10_000);
    expect(sync.one('companies').fields['name']).toBe('Before');
    await sync.run(60_000);
    expect(sync.store.all('companies').map(({ fields }) => fields['name'])).toEqual(['After', 'New']);
  });

  test('miss none of thousands that changed in one second', async () => {
    await using sync = await startSync();
    await sync.run();
    for (let index = 0; index < 4_100; index += 1) sync.create('Account', { Name: `n${index}` });
    await sync.run();
    expect(sync.store.all('companies')).toHaveLength(4_100);
  });

  test('load anew when the delete log was emptied, and find what was deleted', async () => {
    await using sync = await startSync();
    const id = sync.create('Account', { Name: 'Gone' });
    sync.create('Account', { Name: 'Stays' });
    await sync.run();
    sync.org.delete('Account', id);
    sync.org.advance(120_000);
    sync.org.purge();
    await sync.run(120_000);
    expect(sync.store.all('companies').map(({ fields }) => fields['name'])).toEqual(['Stays']);
  });

  test('a record deleted here is not made again but told, and made again on demand', async () => {
    await using sync = await startSync();
    const id = sync.create('Account', { Name: 'Erased' });
    await sync.run();
    sync.store.remove('companies', sync.one('companies').id);
    sync.org.update('Account', id, { Name: 'Still there' });
    await sync.run();
    expect(sync.store.all('companies')).toEqual([]);
    expect([...sync.store.tables.conflicts.values()]).toMatchObject([
      { reason: 'deleted_here', local: null },
    ]);
    expect(link(sync.store, id)).toMatchObject({ parted: true, base: {} });
    const decision = await decideConflict(sync.parts, sync.planOf('Account'), id, '', 'remote');
    expect(decision).toBe('decided');
    expect(sync.one('companies').fields['name']).toBe('Still there');
  });
});

describe('changes made here', () => {
  test('stay here unless the mapping says otherwise', async () => {
    await using sync = await startSync();
    const id = sync.create('Account', { Name: 'Theirs' });
    await sync.run();
    sync.store.write('companies', { id: sync.one('companies').id, fields: { name: 'Ours' } });
    sync.store.write('companies', { fields: { name: 'New' } });
    await sync.run();
    expect(sync.org.records.get(id)?.fields['Name']).toBe('Theirs');
    expect(sync.org.visible('Account')).toHaveLength(1);
    expect(sync.store.tables.changes.size).toBe(0);
  });

  test('go back field by field, new records with their references', async () => {
    await using sync = await startSync(both);
    const id = sync.create('Account', { Name: 'Acme', Description: 'not mapped', Phone: '1' });
    await sync.run();
    const company = sync.one('companies');
    sync.store.write('companies', { id: company.id, fields: { employees: 7 } });
    sync.org.update('Account', id, { Phone: '2' });
    sync.store.write('contacts', { fields: { last_name: 'New', company_id: company.id } });
    await sync.run();
    expect(sync.org.records.get(id)?.fields).toMatchObject({
      NumberOfEmployees: '7',
      Phone: '2',
      Name: 'Acme',
    });
    expect(sync.one('companies').fields).toMatchObject({ employees: 7, phone: '2' });
    expect(sync.org.visible('Contact').map(({ fields }) => fields)).toMatchObject([
      { LastName: 'New', AccountId: id },
    ]);
    await sync.run();
    expect(sync.store.all('contacts')).toHaveLength(1);
    expect(sync.org.visible('Contact')).toHaveLength(1);
    expect(sync.store.tables.changes.size).toBe(0);
  });

  test.each([
    ['local', 'Ours'],
    ['remote', 'Theirs'],
  ] as const)(
    'that meet another one there are a conflict, and follow the decision for %s',
    async (side, name) => {
      await using sync = await startSync(both);
      const id = sync.create('Account', { Name: 'Old' });
      await sync.run();
      sync.store.write('companies', { id: sync.one('companies').id, fields: { name: 'Ours' } });
      sync.org.update('Account', id, { Name: 'Theirs' });
      await sync.run();
      await sync.run();
      expect(sync.one('companies').fields['name']).toBe('Ours');
      expect(sync.org.records.get(id)?.fields['Name']).toBe('Theirs');
      const told = { field: 'name', base: 'Old', local: 'Ours', remote: 'Theirs', reason: 'both_changed' };
      expect([...sync.store.tables.conflicts.values()]).toMatchObject([told]);
      expect(await decideConflict(sync.parts, sync.planOf('Account'), id, 'name', side)).toBe('decided');
      await sync.run();
      expect(sync.one('companies').fields['name']).toBe(name);
      expect(sync.org.records.get(id)?.fields['Name']).toBe(name);
      expect(sync.store.tables.conflicts.size).toBe(0);
    },
  );

  test('a change there between the comparison and the write is never written over', async () => {
    await using sync = await startSync(both);
    const id = sync.create('Account', { Name: 'Old' });
    await sync.run();
    sync.store.write('companies', { id: sync.one('companies').id, fields: { name: 'Ours' } });
    const real = sync.parts.source;
    const source = {
      ...real,
      update: async (...args: Parameters<RecordSource['update']>) => {
        sync.org.update('Account', id, { Name: 'Theirs' });
        return real.update(...args);
      },
    };
    sync.org.advance(5_000);
    await runSync({ ...sync.parts, source }, [sync.planOf('Account')]);
    expect(sync.org.records.get(id)?.fields['Name']).toBe('Theirs');
    await sync.run();
    expect([...sync.store.tables.conflicts.values()]).toMatchObject([{ local: 'Ours', remote: 'Theirs' }]);
  });

  test('wait while a record may still change within its second, and while it is locked', async () => {
    await using sync = await startSync(both);
    const id = sync.create('Account', { Name: 'Old' });
    await sync.run();
    sync.store.write('companies', { id: sync.one('companies').id, fields: { name: 'Ours' } });
    sync.org.update('Account', id, { Phone: '1' });
    await sync.run(0);
    expect(sync.org.records.get(id)?.fields['Name']).toBe('Old');
    sync.org.locked.add(id);
    await sync.run();
    expect(sync.org.records.get(id)?.fields['Name']).toBe('Old');
    sync.org.locked.clear();
    await sync.run();
    expect(sync.org.records.get(id)?.fields['Name']).toBe('Ours');
  });

  test('are not written over one that came within the second in which the record was compared', async () => {
    await using sync = await startSync(both);
    const id = sync.create('Account', { Name: 'Old' });
    await sync.run();
    sync.store.write('companies', { id: sync.one('companies').id, fields: { name: 'Ours' } });
    sync.org.update('Account', id, { Phone: '1' });
    const real = sync.parts.source;
    const source = {
      ...real,
      read: async (...args: Parameters<RecordSource['read']>) => {
        const records = await real.read(...args);
        sync.org.update('Account', id, { Name: 'Theirs' });
        sync.org.advance(1_000);
        return records;
      },
    };
    await runSync({ ...sync.parts, source }, [sync.planOf('Account')]);
    expect(sync.org.records.get(id)?.fields['Name']).toBe('Theirs');
  });

  test('do not shorten a text there that was cut here', async () => {
    await using sync = await startSync(both);
    const long = 'x'.repeat(200);
    const id = sync.create('Account', { Name: long });
    await sync.run();
    expect(sync.one('companies').fields['name']).toBe('x'.repeat(60));
    sync.store.write('companies', { id: sync.one('companies').id, fields: { name: 'Ours', phone: '5' } });
    await sync.run();
    expect(sync.org.records.get(id)?.fields).toMatchObject({ Name: long, Phone: '5' });
    expect([...sync.store.tables.conflicts.values()]).toMatchObject([
      { field: 'name', reason: 'would_lose' },
    ]);
    expect(await decideConflict(sync.parts, sync.planOf('Account'), id, 'name', 'local')).toBe('undecidable');
  });

  test('that a duplicate rule refuses are listed with its reason', async () => {
    await using sync = await startSync(both);
    sync.create('Contact', { LastName: 'One', Email: 'one@acme.example' });
    await sync.run();
    sync.create('Contact', { LastName: 'Two', Email: 'two@acme.example' });
    const { localId: id } = [...sync.store.tables.links.values()][0] ?? {};
    sync.store.write('contacts', { id, fields: { email: 'two@acme.example' } });
    await sync.run();
    expect([...sync.store.tables.rejections.values()]).toMatchObject(
      expect.arrayContaining([
        expect.objectContaining({
          direction: 'push',
          id,
          reason: expect.stringContaining('DUPLICATES_DETECTED'),
        }),
      ]),
    );
  });

  test('to a record that was deleted there are kept, told, and follow the decision', async () => {
    await using sync = await startSync(both);
    const id = sync.create('Account', { Name: 'Old' });
    await sync.run();
    sync.store.write('companies', { id: sync.one('companies').id, fields: { name: 'Ours' } });
    sync.org.delete('Account', id);
    await sync.run();
    expect(sync.one('companies').fields['name']).toBe('Ours');
    expect([...sync.store.tables.conflicts.values()]).toMatchObject([
      { reason: 'deleted_there', externalId: id },
    ]);
    await decideConflict(sync.parts, sync.planOf('Account'), id, '', 'local');
    await sync.run();
    expect(sync.org.visible('Account').map(({ fields }) => fields['Name'])).toEqual(['Ours']);
  });
});

test('an object that is refused does not hold back the others', async () => {
  await using sync = await startSync();
  sync.create('Account', { Name: 'Taken' });
  const broken = {
    ...sync.planOf('Contact'),
    fields: [{ remote: 'Nope__c', local: 'x', take: () => ({ value: null }) }],
  };
  const failures = await runSync(sync.parts, [broken, sync.planOf('Account')]);
  expect(failures).toMatchObject([{ object: 'Contact', error: { code: 'SALESFORCE_REFUSED' } }]);
  expect(sync.store.all('companies')).toHaveLength(1);
});
