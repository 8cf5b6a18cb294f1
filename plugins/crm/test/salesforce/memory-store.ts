import { createId } from '@orchestrall/sdk';
import type { FieldValues, LocalRecord, RecordWrite, RecordWriteResult } from '../../provider.ts';
import type {
  Conflict,
  Cursor,
  Link,
  MissingReference,
  Rejection,
  SyncStore,
  SyncUnit,
} from '../../sync/state.ts';
import { kinds } from './kinds.ts';

interface Tables {
  readonly records: Map<string, LocalRecord & { readonly kind: string }>;
  readonly changes: Map<string, { readonly kind: string; readonly version: number }>;
  readonly cursors: Map<string, Cursor>;
  readonly links: Map<string, Link>;
  readonly rejections: Map<string, Rejection>;
  readonly conflicts: Map<string, Conflict>;
  readonly missing: Map<string, MissingReference>;
}

/** CRM's records and a sync's state in memory, with transactions that are undone whole. */
export interface MemoryStore extends SyncStore {
  readonly tables: Tables;
  /** Called before each commit, and after it; what it throws stands for a crash. */
  crash: (when: 'before' | 'after') => void;
  /** Called before a sync writes over fields of a record. */
  observe: (old: LocalRecord, fields: FieldValues) => void;
  /** Writes as a user does: one record, listed as changed. */
  write(kind: string, write: RecordWrite): RecordWriteResult;
  remove(kind: string, id: string): void;
  all(kind: string): LocalRecord[];
}

/** Makes an empty store. */
export function createMemoryStore(): MemoryStore {
  let tables: Tables = emptyTables();
  const store: MemoryStore = {
    get tables() {
      return tables;
    },
    crash: () => undefined,
    observe: () => undefined,
    async transaction(work) {
      const copy = copyTables(tables);
      const result = await work(unitOf(copy, store.observe));
      store.crash('before');
      tables = copy;
      store.crash('after');
      return result;
    },
    write: (kind, write) => writeOne(tables, kind, write),
    remove: (kind, id) => removeOne(tables, kind, id),
    all: (kind) => [...tables.records.values()].filter((record) => record.kind === kind),
  };
  return store;
}

function emptyTables(): Tables {
  return {
    records: new Map(),
    changes: new Map(),
    cursors: new Map(),
    links: new Map(),
    rejections: new Map(),
    conflicts: new Map(),
    missing: new Map(),
  };
}

/** Rows are never changed in place, so that copying the tables is enough. */
function copyTables(tables: Tables): Tables {
  return {
    records: new Map(tables.records),
    changes: new Map(tables.changes),
    cursors: new Map(tables.cursors),
    links: new Map(tables.links),
    rejections: new Map(tables.rejections),
    conflicts: new Map(tables.conflicts),
    missing: new Map(tables.missing),
  };
}

function unitOf(tables: Tables, observe: MemoryStore['observe']): SyncUnit {
  return {
    kinds: async () => kinds,
    read: async (kind, ids) =>
      ids.flatMap((id) => {
        const record = tables.records.get(id);
        return record?.kind === kind ? [record] : [];
      }),
    write: async (kind, writes) =>
      writes.map((write) => {
        const old = tables.records.get(write.id ?? '');
        if (old !== undefined) observe(old, write.fields);
        return writeOne(tables, kind, write);
      }),
    remove: async (kind, ids) => {
      for (const id of ids) removeOne(tables, kind, id);
    },
    changes: async (kind, after, limit) =>
      [...tables.changes]
        .filter(([id, change]) => change.kind === kind && id > after)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .slice(0, limit)
        .map(([id, { version }]) => ({ id, version })),
    settle: async (_, changes) => {
      for (const { id, version } of changes) {
        if (tables.changes.get(id)?.version === version) tables.changes.delete(id);
      }
    },
    queue: async (kind, ids) => {
      for (const id of ids) {
        const version = tables.records.get(id)?.version;
        if (version !== undefined) tables.changes.set(id, { kind, version });
      }
    },
    cursor: async (object) => tables.cursors.get(object),
    saveCursor: async (object, cursor) => void tables.cursors.set(object, cursor),
    links: async (object, ids) => of(tables.links, object).filter((link) => ids.includes(link.externalId)),
    linksHere: async (kind, ids) =>
      [...tables.links.values()].filter((link) => link.kind === kind && ids.includes(link.localId)),
    linksUnseen: async (object, loadId, after, limit) =>
      of(tables.links, object)
        .filter((link) => !link.parted && link.loadId !== loadId && link.externalId > after)
        .toSorted((a, b) => (a.externalId < b.externalId ? -1 : 1))
        .slice(0, limit),
    saveLinks: async (links) => {
      for (const link of links) tables.links.set(`${link.object}/${link.externalId}`, link);
    },
    dropLinks: async (object, ids) => {
      for (const id of ids) tables.links.delete(`${object}/${id}`);
    },
    replaceRejections: async (direction, object, ids, fresh) =>
      replace(
        tables.rejections,
        (row) => row.direction === direction && row.object === object && ids.includes(row.id),
        fresh,
        (row) => `${row.direction}/${row.object}/${row.id}/${row.field}`,
      ),
    replaceConflicts: async (object, ids, fresh) =>
      replace(
        tables.conflicts,
        (row) => row.object === object && ids.includes(row.externalId) && row.resolution === null,
        fresh,
        (row) => `${row.object}/${row.externalId}/${row.field}`,
      ),
    openConflicts: async (object, ids) =>
      of(tables.conflicts, object).filter((row) => ids.includes(row.externalId) && row.resolution === null),
    replaceMissing: async (object, ids, fresh) =>
      replace(
        tables.missing,
        (row) => row.object === object && ids.includes(row.externalId),
        fresh,
        (row) => `${row.object}/${row.externalId}/${row.field}`,
      ),
    resolvable: async (object, limit) => {
      const rows = of(tables.missing, object);
      const there = rows.filter(
        (row) => tables.links.get(`${row.targetObject}/${row.targetId}`)?.parted === false,
      );
      return [...new Set(there.map((row) => row.externalId))].slice(0, limit);
    },
  };
}

/** Values as CRM keeps them: trimmed, e-mails in lower case, so that what is kept differs from what was given. */
function kept(fields: FieldValues): FieldValues {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' && name === 'email' ? value.toLowerCase() : value,
    ]),
  );
}

function writeOne(tables: Tables, kind: string, { id, fields }: RecordWrite): RecordWriteResult {
  const old = id === undefined ? undefined : tables.records.get(id);
  if (id !== undefined && old === undefined) return { outcome: 'gone' };
  const declared = kinds.find(({ name }) => name === kind)?.fields ?? [];
  const empty = Object.fromEntries(declared.map(({ name }) => [name, null]));
  const next = { ...empty, ...old?.fields, ...kept(fields) };
  for (const { name, required, maxLength = Infinity } of declared) {
    const value = next[name] ?? null;
    if (required === true && value === null) return { outcome: 'rejected', reason: `${name} must be given` };
    if (String(value ?? '').length > maxLength) return { outcome: 'rejected', reason: `${name} is too long` };
  }
  const email = next['email'];
  const holder = [...tables.records.values()].find(
    (record) => typeof email === 'string' && record.fields['email'] === email && record.id !== id,
  );
  if (holder !== undefined) {
    return { outcome: 'taken', holder: holder.id, reason: `the e-mail belongs to ${holder.id}` };
  }
  const record = { id: id ?? createId(), kind, version: (old?.version ?? 0) + 1, fields: next };
  tables.records.set(record.id, record);
  tables.changes.set(record.id, { kind, version: record.version });
  return { outcome: 'written', record };
}

function removeOne(tables: Tables, kind: string, id: string): void {
  const record = tables.records.get(id);
  if (record?.kind !== kind) return;
  tables.records.delete(id);
  tables.changes.set(id, { kind, version: record.version + 1 });
  for (const other of tables.records.values()) {
    const cleared = Object.entries(other.fields).filter(([, value]) => value === id);
    if (cleared.length === 0) continue;
    const fields = { ...other.fields, ...Object.fromEntries(cleared.map(([name]) => [name, null])) };
    tables.records.set(other.id, { ...other, fields, version: other.version + 1 });
    tables.changes.set(other.id, { kind: other.kind, version: other.version + 1 });
  }
}

function of<Row extends { object: string }>(rows: Map<string, Row>, object: string): Row[] {
  return [...rows.values()].filter((row) => row.object === object);
}

function replace<Row>(
  rows: Map<string, Row>,
  isOld: (row: Row) => boolean,
  fresh: readonly Row[],
  keyOf: (row: Row) => string,
): void {
  for (const [key, row] of rows) if (isOld(row)) rows.delete(key);
  for (const row of fresh) rows.set(keyOf(row), row);
}
