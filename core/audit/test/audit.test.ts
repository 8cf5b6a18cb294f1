import { secretMask } from '@orchestrall/sdk';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DatabaseEngine } from '../../database/engine.ts';
import { readMigrations } from '../../database/migrate/migration.ts';
import { withScope } from '../../telemetry/scope.ts';
import { describeOnServers, testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import { createAudit } from '../audit.ts';
import { eraseEntriesStatement, eraseEntryItemsStatement } from '../erasure.ts';
import { findEntries } from '../find-entries.ts';
import type { AuditRoom } from '../audit.ts';

describeOnServers('audit entries', (server) => {
  let store: TestDatabase;
  let database: DatabaseEngine;
  let audit: AuditRoom;

  beforeAll(async () => {
    const folder = fileURLToPath(new URL('../migrations', import.meta.url));
    const migrations = [{ owner: 'core/audit', migrations: await readMigrations(folder, 'core/audit') }];
    store = await testDatabase({ server, plugins: ['crm'], migrations });
    database = await store.open();
    audit = createAudit({ database });
    database.connectEffects({ audit: audit.port });
  });
  afterAll(() => store[Symbol.asyncDispose]());

  const caller = { id: 'u1', kind: 'user', name: 'ada', roles: ['operator'], teams: [], leads: [] } as const;

  test('tx.audit() stores who, what, from where and masked values in the change’s own transaction', async () => {
    const scope = { caller, remoteAddress: '192.0.2.7', correlationId: 'request-1' };
    await withScope(scope, () =>
      database.forPlugin('crm').transaction(async (tx) => {
        tx.audit({
          action: 'contact.updated',
          subjectType: 'contact',
          subjectId: 'c1',
          before: { name: 'Ada', password: 'old' },
          after: { name: 'Ada L.', password: 'new', settings: { apiKey: 7 } },
        });
      }),
    );
    const { items } = await audit.list({ subjectType: 'contact', subjectId: 'c1' });
    expect(items).toEqual([
      {
        id: expect.any(String),
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        plugin: 'crm',
        action: 'contact.updated',
        subject_type: 'contact',
        subject_id: 'c1',
        before: { name: 'Ada', password: secretMask },
        after: { name: 'Ada L.', password: secretMask, settings: { apiKey: secretMask } },
        actor: { kind: 'user', id: 'u1', name: 'ada' },
        remote_address: '192.0.2.7',
        correlation_id: 'request-1',
        position: null,
        erased_at: null,
      },
    ]);
  });

  test('an entry vanishes with the rollback of its change', async () => {
    const failing = database.forPlugin('crm').transaction(async (tx) => {
      tx.audit({ action: 'contact.created', subjectType: 'contact', subjectId: 'undone' });
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    expect(await audit.list({ subjectId: 'undone' })).toEqual({ items: [], next_cursor: null });
  });

  test('record() stores an entry outside a transaction; without a caller the plugin is the actor', async () => {
    const owner = {
      plugin: 'crm',
      version: '1.0.0',
      generation: 1,
      run: async () => Promise.reject(new Error()),
    };
    await audit.forPlugin(owner).record({ action: 'import.started', subjectType: 'import', subjectId: 'i1' });
    const { items } = await audit.list({ action: 'import.started' });
    expect(items).toMatchObject([
      { plugin: 'crm', actor: { kind: 'system', id: 'crm', name: 'crm' }, before: null },
    ]);
  });

  test.each([
    [{ action: 'Created', subjectType: 'contact', subjectId: '1' }, 'noun.past'],
    [{ action: 'contact.created', subjectType: 'Contact!', subjectId: '1' }, 'subject type'],
    [{ action: 'contact.created', subjectType: 'contact', subjectId: '' }, 'subject id'],
    [{ action: 'contact.created', subjectType: 'contact', subjectId: 'a\0b' }, 'NUL'],
  ])('record(%j) is refused naming the %s', async (entry, named) => {
    await expect(audit.record(entry)).rejects.toThrow(named);
  });

  test('entries are listed newest first by cursor, actor and time', async () => {
    for (const subjectId of ['1', '2', '3']) {
      await withScope({ caller: { ...caller, id: 'u2' } }, () =>
        audit.record({ action: 'flag.changed', subjectType: 'flag', subjectId }),
      );
    }
    const first = await audit.list({
      actorId: 'u2',
      limit: 2,
      from: new Date(0),
      until: new Date(Date.now() + 60_000),
    });
    expect(first.items.map((entry) => entry.subject_id)).toEqual(['3', '2']);
    const second = await audit.list({ actorId: 'u2', limit: 2, cursor: first.next_cursor ?? '' });
    expect(second).toMatchObject({ items: [{ subject_id: '1' }], next_cursor: null });
  });

  test('a plugin can neither read nor write entries by SQL, and the core cannot change them', async () => {
    const crm = database.forPlugin('crm');
    for (const sql of ['select * from core.audit_entries', 'delete from core.audit_entries']) {
      await expect(crm.query(sql)).rejects.toMatchObject({ details: { sqlstate: '42501' } });
    }
    const core = database.core();
    for (const sql of [
      `update core.audit_entries set action = 'x.y'`,
      'delete from core.audit_entries',
      'truncate core.audit_entries',
    ]) {
      await expect(core.query(sql)).rejects.toMatchObject({ details: { sqlstate: '42501' } });
    }
    await core.query('update core.audit_entries set position = 1 where position is null');
    await expect(core.query('update core.audit_entries set position = 2')).rejects.toThrow();
  });

  test('entries are found by subject and by text, those of other plugins never, and erased one by one', async () => {
    const core = database.core();
    const write = async (plugin: string, subjectId: string, name: string) =>
      database.forPlugin(plugin).transaction(async (tx) => {
        tx.audit({ action: 'thing.updated', subjectType: 'thing', subjectId, after: { name } });
      });
    await write('crm', 'found', 'about it');
    await write('crm', 'other', 'names a NEEDLE too');
    await write('crm', 'other', 'neither');
    const find = async (plugin: string) =>
      Array.fromAsync(findEntries(core, plugin, { subjects: ['found'], pattern: 'needle' }));
    const found = await find('crm');
    expect(found.map(({ content }) => content)).toEqual([
      { before: null, after: { name: 'about it' } },
      { before: null, after: { name: 'names a NEEDLE too' } },
    ]);
    expect(await find('stranger')).toEqual([]);
    const ids = found.map(({ id }) => id);
    for (const plugin of ['stranger', 'crm']) {
      const { sql, parameters } = eraseEntryItemsStatement(plugin, ids);
      await core.query(sql, parameters);
      expect(await find('crm')).toHaveLength(plugin === 'crm' ? 0 : 2);
    }
    const { items } = await audit.list({ subjectType: 'thing' });
    expect(items.map(({ after }) => after)).toEqual([{ name: 'neither' }, null, null]);
  });

  test('an erased entry keeps who did what and when, and digests of what it held; nothing else changes it', async () => {
    const subject = { type: 'contact', id: 'erased' };
    const entry = { action: 'contact.updated', subjectType: subject.type, subjectId: subject.id };
    await withScope({ caller }, () =>
      database.forPlugin('crm').transaction(async (tx) => {
        tx.audit({ ...entry, before: { name: 'Planted' }, after: { name: 'Planted too' } });
      }),
    );
    const core = database.core();
    const [held] = await core.query<{ before: string; after: string }>(
      `select encode(sha256(convert_to(before::text, 'UTF8')), 'hex') as before,
        encode(sha256(convert_to(after::text, 'UTF8')), 'hex') as after
      from core.audit_entries where subject_id = 'erased'`,
    );
    const { sql, parameters } = eraseEntriesStatement('crm', [subject]);
    await core.query(sql, parameters);
    await core.query(sql, parameters);
    const { items } = await audit.list({ subjectType: subject.type, subjectId: subject.id });
    expect(items).toMatchObject([
      {
        action: entry.action,
        actor: { name: 'ada' },
        before: null,
        after: null,
        erased_at: expect.any(String),
      },
    ]);
    const kept = `select encode(before_digest, 'hex') as before, encode(after_digest, 'hex') as after
      from core.audit_entries where subject_id = 'erased' and erased_at is not null`;
    expect(await core.query(kept)).toEqual([held]);
    for (const change of [
      `update core.audit_entries set action = 'contact.deleted' where subject_id = 'erased'`,
      `update core.audit_entries set erased_at = null where subject_id = 'erased'`,
      `update core.audit_entries set erased_at = now(), after = null where subject_id = 'c1'`,
    ]) {
      await expect(core.query(change), change).rejects.toThrow();
    }
  });
});
