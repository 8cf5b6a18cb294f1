import { createId } from '@orchestrall/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Conflict, Cursor, Link, SyncState } from '../../sync/state.ts';
import { noteChanges, sqlState } from '../../sync/sql-state.ts';
import { startCrm } from '../support.ts';
import type { CrmAppliance } from '../support.ts';
import { createMemoryStore } from './memory-store.ts';

type Work = <Result>(work: (state: SyncState) => Promise<Result>) => Promise<Result>;

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm();
});
afterAll(async () => crm[Symbol.asyncDispose]());

const memory = createMemoryStore();
const stores: Readonly<Record<string, Work>> = {
  memory: async (work) => memory.transaction(work),
  PostgreSQL: async (work) => crm.database.transaction(async (tx) => work(sqlState(tx))),
};

const linkOf = (externalId: string, more: Partial<Link> = {}): Link => ({
  object: 'Account',
  externalId,
  kind: 'companies',
  localId: createId(),
  stamp: '2026-11-02T08:00:00.000Z',
  base: { name: 'A', tags: ['x'], size: 3, on: true, none: null },
  kept: {},
  loadId: null,
  parted: false,
  ...more,
});

describe.each(Object.keys(stores))('the state of a sync in %s', (name) => {
  const state: Work = async (work) => (stores[name] ?? stores['memory'])?.(work) as never;

  test('gives back cursors and links as they were saved', async () => {
    const load = {
      id: createId(),
      startedAt: '2026-11-02T08:00:00.000Z',
      place: '{}',
      phase: 'reading',
    } as const;
    const at = '2026-11-02T08:00:00.000Z';
    const cursor: Cursor = {
      load: { ...load, mapping: 'm' },
      changedSince: at,
      deletedSince: at,
      pull: null,
    };
    await state(async (unit) => unit.saveCursor('Account', cursor));
    expect(await state(async (unit) => unit.cursor('Account'))).toEqual(cursor);
    expect(await state(async (unit) => unit.cursor('Contact'))).toBeUndefined();
    const link = linkOf('001a');
    await state(async (unit) => unit.saveLinks([link]));
    const changed = { ...link, base: { name: 'B' }, parted: true };
    await state(async (unit) => unit.saveLinks([link, changed]));
    expect(await state(async (unit) => unit.links('Account', ['001a', '001b']))).toEqual([changed]);
    expect(await state(async (unit) => unit.linksHere('companies', [link.localId]))).toEqual([changed]);
    await state(async (unit) => unit.dropLinks('Account', ['001a']));
    expect(await state(async (unit) => unit.links('Account', ['001a']))).toEqual([]);
  });

  test('finds what a load has not seen, page by page', async () => {
    const loadId = createId();
    const seen = linkOf('002b', { object: 'Lead', loadId });
    const others = ['002a', '002c', '002d'].map((id) => linkOf(id, { object: 'Lead', loadId: createId() }));
    await state(async (unit) =>
      unit.saveLinks([seen, ...others, linkOf('002e', { object: 'Lead', parted: true })]),
    );
    const page = async (after: string) =>
      (await state(async (unit) => unit.linksUnseen('Lead', loadId, after, 2))).map(
        (link) => link.externalId,
      );
    expect(await page('')).toEqual(['002a', '002c']);
    expect(await page('002c')).toEqual(['002d']);
  });

  test('replaces conflicts, rejections and missing references of the records named, and no others', async () => {
    const localId = createId();
    const conflict = (externalId: string, field: string, more: Partial<Conflict> = {}): Conflict => ({
      object: 'Account',
      externalId,
      localId,
      field,
      reason: 'both_changed',
      local: 'l',
      remote: ['r'],
      base: null,
      resolution: null,
      ...more,
    });
    const both = ['003a', '003b'];
    const first = [conflict('003a', 'name'), conflict('003b', 'name'), conflict('003a', 'phone')];
    await state(async (unit) => unit.replaceConflicts('Account', both, first));
    const now = conflict('003a', 'name', { remote: 'new' });
    const told = conflict('003a', 'city', { resolution: 'remote' });
    await state(async (unit) => unit.replaceConflicts('Account', ['003a'], [now, told]));
    const open = await state(async (unit) => unit.openConflicts('Account', both));
    expect(open.toSorted((a, b) => (a.externalId < b.externalId ? -1 : 1))).toEqual([
      now,
      conflict('003b', 'name'),
    ]);
    const rejection = { direction: 'pull', object: 'Account', id: '003a', field: '', reason: 'r' } as const;
    await state(async (unit) => unit.replaceRejections('pull', 'Account', ['003a'], [rejection]));
    await state(async (unit) => unit.replaceRejections('push', 'Account', ['003a'], []));
    const missing = { object: 'Contact', externalId: '003c', field: 'company_id', targetObject: 'Account' };
    await state(async (unit) => unit.replaceMissing('Contact', ['003c'], [{ ...missing, targetId: '003z' }]));
    expect(await state(async (unit) => unit.resolvable('Contact', 10))).toEqual([]);
    await state(async (unit) => unit.saveLinks([linkOf('003z')]));
    expect(await state(async (unit) => unit.resolvable('Contact', 10))).toEqual(['003c']);
    await state(async (unit) => unit.replaceMissing('Contact', ['003c'], []));
    expect(await state(async (unit) => unit.resolvable('Contact', 10))).toEqual([]);
  });
});

test('a change made here stays listed until that very version was looked at', async () => {
  const [first = '', second = ''] = [createId(), createId()].toSorted((a, b) => (a < b ? -1 : 1));
  const list = async (after = '') =>
    crm.database.transaction(async (tx) => sqlState(tx).changes('deals', after, 10));
  await crm.database.query("insert into sync_pushed (kind) values ('deals')");
  await crm.database.transaction(async (tx) => {
    await noteChanges(tx, 'contacts', [{ id: first, version: 1 }]);
    await noteChanges(tx, 'deals', [
      { id: second, version: 1 },
      { id: first, version: 1 },
      { id: first, version: 2 },
    ]);
  });
  expect(await list()).toEqual([
    { id: first, version: 2 },
    { id: second, version: 1 },
  ]);
  expect(await list(first)).toEqual([{ id: second, version: 1 }]);
  await crm.database.transaction(async (tx) => {
    await sqlState(tx).settle('deals', [
      { id: first, version: 1 },
      { id: second, version: 1 },
    ]);
  });
  expect(await list()).toEqual([{ id: first, version: 2 }]);
  const others = await crm.database.query("select from sync_changes where kind = 'contacts'");
  expect(others).toEqual([]);
});
