import { createId, isAppError } from '@orchestrall/sdk';
import type { AppError, Transaction } from '@orchestrall/sdk';
import { isCollision } from '@orchestrall/sdk/resources';
import type { JsonObject } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { Actor } from '../../contract.ts';
import type { RecordTarget, RecordWrite, RecordWriteResult } from '../../provider.ts';
import { fieldsOf, uniqueKeysOf, withDefaults } from '../../records/kind.ts';
import type { CommonFields, Kept, RecordKind } from '../../records/kind.ts';
import { lockRecords, lockWhere } from '../../records/store.ts';
import { createRecords, editRecords, removeRecords } from '../../records/write.ts';
import { givenFields, localRecord } from './target-kinds.ts';
import type { Target } from './target-kinds.ts';

/** CRM's records, but for the list of changes, which belongs to the state of the exchange. */
export type Records = Omit<RecordTarget, 'changes' | 'settle'>;

/** What records are written with. */
export interface RecordsOptions {
  readonly tx: Transaction;
  readonly targets: ReadonlyMap<string, Target>;
  readonly by: Actor;
  /** The team of a record that comes with an owner and without a team; null for none. */
  readonly teamOf: (owner: string) => Promise<string | null>;
}

/** Records that lose a reference at a time. */
const clearedAtATime = 500;

/** One write whose fields have been read. */
interface Planned {
  readonly index: number;
  /** Absent for a new record. */
  readonly before: Kept<CommonFields> | undefined;
  readonly fields: CommonFields;
}

/**
 * Reads and writes records the way that every other change goes, with events, audit entries, timelines, keys and
 * references; what is refused there is refused here. What is taken from the outside system is not listed as changed
 * here, save records that a deletion changes along with it.
 */
export function openRecords(options: RecordsOptions): Records {
  const { tx, targets, by } = options;
  const targetOf = (name: string): Target => {
    const target = targets.get(name);
    if (target === undefined) throw new TypeError(`there is no kind of record ${name}`);
    return target;
  };
  return {
    kinds: async () => [...targets.values()].map(({ known }) => known),
    async read(name, ids) {
      const target = targetOf(name);
      if (ids.length === 0) return [];
      const records = await lockRecords(target.kind, tx, ids);
      return records.map((record) => localRecord(target, record));
    },
    write: async (name, writes) => writeAll(options, targetOf(name), writes),
    async remove(name, ids) {
      const { kind } = targetOf(name);
      await clearReferences([...targets.values()], tx, kind, ids, by);
      await logDeletions(tx, name, ids);
      await removeRecords(kind, tx, await lockRecords(kind, tx, ids), by);
    },
    async queue(name, ids) {
      const { kind } = targetOf(name);
      const statement = `insert into sync_changes (kind, local_id, version)
        select $1, id, version from ${kind.table} where id = any($2::uuid[])
        on conflict (kind, local_id) do update set version = excluded.version`;
      await tx.query(statement, [name, ids]);
    },
  };
}

/**
 * Writes in as few statements as keep the order: a batch ends where creations and changes alternate, where a record
 * comes again, and where a new record has a key of one before it.
 */
async function writeAll(
  options: RecordsOptions,
  target: Target,
  writes: readonly RecordWrite[],
): Promise<RecordWriteResult[]> {
  const results: RecordWriteResult[] = [];
  let batch: { readonly index: number; readonly write: RecordWrite }[] = [];
  let seen = new Set<string>();
  const flush = async (): Promise<void> => {
    for (const [index, result] of await writeBatch(options, target, batch)) results[index] = result;
    batch = [];
    seen = new Set();
  };
  for (const [index, write] of writes.entries()) {
    const marks = write.id === undefined ? keysOf(target.kind, write) : [write.id];
    const alternates =
      batch[0] !== undefined && (batch[0].write.id === undefined) !== (write.id === undefined);
    if (alternates || marks.some((mark) => seen.has(mark))) await flush();
    batch.push({ index, write });
    for (const mark of marks) seen.add(mark);
  }
  await flush();
  return results;
}

function keysOf(kind: RecordKind, { fields }: RecordWrite): string[] {
  return Object.entries(kind.keys).flatMap(([name, key]) => {
    const value = fields[name];
    if (key.taken === undefined || value === undefined || value === null) return [];
    return [`${name} ${key.fold(String(value))}`];
  });
}

type Results = [number, RecordWriteResult][];

async function writeBatch(
  options: RecordsOptions,
  target: Target,
  batch: readonly { readonly index: number; readonly write: RecordWrite }[],
): Promise<Results> {
  const results: Results = [];
  const { kind } = target;
  const ids = batch.flatMap(({ write }) => write.id ?? []);
  const locked = ids.length === 0 ? [] : await lockRecords(kind, options.tx, ids);
  const found = new Map(locked.map((record) => [record.id, record]));
  const planned: Planned[] = [];
  for (const { index, write } of batch) {
    const before = write.id === undefined ? undefined : found.get(write.id);
    if (write.id !== undefined && before === undefined) results.push([index, { outcome: 'gone' }]);
    else {
      const read = await readWrite(options, target, write, before);
      if ('reason' in read) results.push([index, { outcome: 'rejected', reason: read.reason }]);
      else planned.push({ index, before, fields: read.fields });
    }
  }
  if (planned.length > 0) results.push(...(await writePlanned(options, target, planned)));
  return results;
}

async function readWrite(
  { teamOf }: RecordsOptions,
  { kind, extra }: Target,
  write: RecordWrite,
  before: Kept<CommonFields> | undefined,
): Promise<{ readonly fields: CommonFields } | { readonly reason: string }> {
  const current: JsonObject = before === undefined ? {} : fieldsOf(kind, before);
  const applied = extra.apply(write.fields, current);
  if ('reason' in applied) return applied;
  const sent: JsonObject = { ...current, ...givenFields(write.fields, extra), ...applied.fields };
  const { owner_id: owner, team_id: team } = sent;
  const lacksTeam = before === undefined && typeof owner === 'string' && (team ?? null) === null;
  const given: JsonObject = lacksTeam ? { ...sent, team_id: await teamOf(owner) } : sent;
  const { fields, faults } = kind.read(before === undefined ? withDefaults(kind, given) : given);
  if (faults.length === 0) return { fields };
  return { reason: faults.map(({ path, message }) => `${path.slice(1)} ${message}`.trim()).join('; ') };
}

/** Those of a batch that fails as a whole are written one by one. */
async function writePlanned(
  { tx, by }: RecordsOptions,
  target: Target,
  planned: readonly Planned[],
): Promise<Results> {
  const attempt = async (some: readonly Planned[]): Promise<Results> =>
    tx.savepoint(async () => {
      // Theirs: it need not go back.
      const kind: RecordKind = { ...target.kind, noted: async () => undefined };
      const creations = some.filter(({ before }) => before === undefined);
      const edits = some.flatMap(({ before, fields }) => (before === undefined ? [] : [{ before, fields }]));
      const written =
        creations.length > 0
          ? await createRecords(
              kind,
              tx,
              creations.map(({ fields }) => ({ fields })),
              by,
            )
          : await editRecords(kind, tx, edits, by);
      return some.map(({ index }, place) => [index, resultOf(target, written[place])]);
    });
  try {
    return await attempt(planned);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (planned.length === 1) return planned.map(({ index }) => [index, rejected(error)]);
  }
  const results: Results = [];
  for (const one of planned) {
    const alone = attempt([one]).catch((error: unknown): Results => {
      if (!isRefusal(error)) throw error;
      return [[one.index, rejected(error)]];
    });
    results.push(...(await alone));
  }
  return results;
}

function resultOf(target: Target, written: Kept<CommonFields> | AppError | undefined): RecordWriteResult {
  if (written === undefined) return { outcome: 'gone' };
  if (!isAppError(written)) return { outcome: 'written', record: localRecord(target, written) };
  const { id } = written.details;
  // Only a kind that has unique keys says who holds one.
  if (written.status === 409 && typeof id === 'string' && uniqueKeysOf(target.kind).length > 0)
    return { outcome: 'taken', holder: id, reason: written.message };
  return rejected(written);
}

function isRefusal(error: unknown): error is AppError {
  return isAppError(error) && error.status < 500 && !isCollision(error);
}

function rejected({ message, details }: AppError): RecordWriteResult {
  const { faults } = details;
  const told = Array.isArray(faults) ? faults.flatMap(tellFault) : [];
  return { outcome: 'rejected', reason: told.length === 0 ? message : told.join('; ') };
}

function tellFault(fault: unknown): string[] {
  if (typeof fault !== 'object' || fault === null || !('path' in fault) || !('message' in fault)) return [];
  return [`${String(fault.path).slice(1)} ${String(fault.message)}`.trim()];
}

/** What refers to records that are about to go refers to nothing from then on. */
async function clearReferences(
  targets: readonly Target[],
  tx: Transaction,
  gone: RecordKind,
  ids: readonly string[],
  by: Actor,
): Promise<void> {
  for (const { kind } of targets) {
    const names = Object.keys(kind.references).filter((name) => kind.references[name] === gone.name);
    for (const name of names) {
      const column = kind.fields[name]?.column ?? name;
      const refers = sql`${sql.ref(column)} = any(${[...ids]}::uuid[])`;
      for (;;) {
        const referring = await lockWhere(kind, tx, refers, clearedAtATime);
        const edits = referring.flatMap((before) => {
          const { fields, faults } = kind.read({ ...fieldsOf(kind, before), [name]: null });
          return faults.length > 0 ? [] : [{ before, fields }];
        });
        const results = await editRecords(kind, tx, edits, by);
        if (results.every((result) => isAppError(result))) break;
      }
    }
  }
}

/** Before its link goes with it. */
async function logDeletions(tx: Transaction, kind: string, ids: readonly string[]): Promise<void> {
  const links = await tx.query<{ object: string; external_id: string; local_id: string }>(
    'select object, external_id, local_id from sync_links where kind = $1 and local_id = any($2::uuid[])',
    [kind, ids],
  );
  if (links.length === 0) return;
  const statement = `insert into sync_deletions (id, side, object, external_id, kind, local_id)
    select id, 'there', object, external_id, $1, local_id from jsonb_to_recordset($2)
      as given (id uuid, object text, external_id text, local_id uuid)`;
  await tx.query(statement, [kind, JSON.stringify(links.map((link) => ({ ...link, id: createId() })))]);
}
