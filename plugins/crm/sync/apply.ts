import { isId } from '@orchestrall/sdk';
import type { LocalRecord, RecordWriteResult, RemoteRecord } from '../provider.ts';
import { mergeFields } from './merge.ts';
import type { Merge } from './merge.ts';
import { deletedHere, partedHere } from './parting.ts';
import { sameIn } from './plan.ts';
import type { ObjectPlan } from './plan.ts';
import type { Conflict, Link, Rejection, SyncUnit } from './state.ts';
import { takeRecords } from './take.ts';
import type { TakenRecord } from './take.ts';
import { differing, isEmptySet } from './values.ts';

/** What applying records came to. */
export interface Applied {
  readonly written: number;
  readonly unchanged: number;
  readonly rejected: number;
  readonly conflicts: number;
}

/** One record on its way into ours. */
interface Entry {
  readonly taken: TakenRecord;
  /** Undefined for a record that is new here. */
  readonly link: Link | undefined;
  readonly local: LocalRecord | undefined;
  readonly merge: Merge;
}

/** What was found out of the records of one call. */
interface Findings {
  readonly links: Link[];
  readonly rejections: Rejection[];
  readonly conflicts: Conflict[];
  /** Records of ours that have something to give back. */
  readonly toGive: string[];
  written: number;
}

/**
 * Writes records of theirs into ours, each compared with what both sides last agreed on, so that applying a record
 * again changes nothing. Values that cannot be taken, records that cannot be kept, and fields that changed on both
 * sides are listed; what was listed of these records before is replaced.
 *
 * @param loadId the load that the records come from
 */
export async function applyRecords(
  unit: SyncUnit,
  plan: ObjectPlan,
  records: readonly RemoteRecord[],
  loadId?: string,
): Promise<Applied> {
  const taken = await takeRecords(unit, plan, records);
  if (taken.length === 0) return { written: 0, unchanged: 0, rejected: 0, conflicts: 0 };
  const ids = taken.map(({ record }) => record.id);
  const links = new Map((await unit.links(plan.object, ids)).map((link) => [link.externalId, link]));
  const known = await localRecords(
    unit,
    plan,
    [...links.values()].map(({ localId }) => localId),
  );
  const ours = await createdHere(
    unit,
    plan,
    taken.filter(({ record }) => !links.has(record.id)),
  );
  const findings: Findings = { links: [], rejections: [], conflicts: [], toGive: [], written: 0 };
  const entries: Entry[] = [];
  for (const each of taken) {
    findings.rejections.push(...each.rejections);
    const link = links.get(each.record.id);
    const local = link === undefined ? ours.get(each.record.id) : known.get(link.localId);
    if (link !== undefined && local === undefined) {
      const { stamp } = each.record;
      findings.links.push({ ...partedHere(link), stamp, loadId: loadId ?? link.loadId });
      findings.conflicts.push(deletedHere(link));
    } else entries.push({ taken: each, link, local, merge: mergeWith(plan, each, link, local) });
  }
  await write(unit, plan, entries, findings, loadId);
  await unit.saveLinks(findings.links);
  if (plan.push !== 'none') await unit.queue(plan.kind, findings.toGive);
  await unit.replaceRejections('pull', plan.object, ids, findings.rejections);
  await unit.replaceConflicts(plan.object, ids, findings.conflicts);
  await unit.replaceMissing(
    plan.object,
    ids,
    taken.flatMap(({ missing }) => missing),
  );
  const rejected = new Set(findings.rejections.map(({ id }) => id)).size;
  const { written, conflicts } = findings;
  return { written, unchanged: taken.length - written, rejected, conflicts: conflicts.length };
}

function mergeWith(
  plan: ObjectPlan,
  taken: TakenRecord,
  link: Link | undefined,
  local: LocalRecord | undefined,
): Merge {
  const agreed = { there: link?.base ?? {}, here: link?.kept ?? {} };
  return mergeFields(agreed, local?.fields ?? {}, taken.values, sameIn(plan));
}

/** Records that were created there from ours, and whose link did not get noted: found by our id in them. */
async function createdHere(
  unit: SyncUnit,
  plan: ObjectPlan,
  taken: readonly TakenRecord[],
): Promise<ReadonlyMap<string, LocalRecord>> {
  const { keyField, kind } = plan;
  if (keyField === undefined) return new Map();
  const keys = new Map<string, string>();
  for (const { record } of taken) {
    const key = record.fields[keyField];
    if (typeof key === 'string' && isId(key)) keys.set(record.id, key.toLowerCase());
  }
  const local = await localRecords(unit, plan, [...keys.values()]);
  const linked = new Set((await unit.linksHere(kind, [...keys.values()])).map(({ localId }) => localId));
  const found = new Map<string, LocalRecord>();
  for (const [externalId, key] of keys) {
    const record = local.get(key);
    if (record !== undefined && !linked.has(key)) found.set(externalId, record);
  }
  return found;
}

async function localRecords(
  unit: SyncUnit,
  { kind }: ObjectPlan,
  ids: readonly string[],
): Promise<Map<string, LocalRecord>> {
  if (ids.length === 0) return new Map();
  return new Map((await unit.read(kind, ids)).map((record) => [record.id, record]));
}

async function write(
  unit: SyncUnit,
  plan: ObjectPlan,
  entries: readonly Entry[],
  findings: Findings,
  loadId: string | undefined,
): Promise<void> {
  const writing = entries.filter(
    ({ local, merge }) => local === undefined || writesOf(plan, merge).length > 0,
  );
  const results = await unit.write(
    plan.kind,
    writing.map(({ local, merge }) => ({
      id: local?.id,
      fields: {
        ...(local === undefined ? { ...plan.defaults, ...plan.constants } : {}),
        ...Object.fromEntries(writesOf(plan, merge)),
      },
    })),
  );
  const resultOf = new Map(writing.map((entry, index) => [entry, results[index]]));
  for (const entry of entries) {
    const result = resultOf.get(entry);
    if (result === undefined && entry.local !== undefined) note(plan, entry, entry.local, findings, loadId);
    else if (result?.outcome === 'written') {
      findings.written += 1;
      note(plan, entry, result.record, findings, loadId);
    } else if (result?.outcome === 'taken') await adopt(unit, plan, entry, result, findings, loadId);
    else reject(plan, entry, result, findings, loadId);
  }
}

/** Without push, their side wins a conflict, and the conflict is told. */
function writesOf({ push }: ObjectPlan, merge: Merge): [string, Merge['toLocal'][string]][] {
  const won = push === 'none' ? merge.conflicts.map(({ field, remote }) => [field, remote] as const) : [];
  return [...Object.entries(merge.toLocal), ...won].map(([field, value]) => [field, value]);
}

function note(
  plan: ObjectPlan,
  { taken, link, merge }: Entry,
  local: LocalRecord,
  findings: Findings,
  loadId: string | undefined,
): void {
  const { record } = taken;
  const settled = { ...merge.settled, ...Object.fromEntries(writesOf(plan, merge)) };
  const agreedHere = Object.fromEntries(
    Object.keys(settled).map((field) => [field, local.fields[field] ?? null]),
  );
  const base = { ...link?.base, ...settled };
  findings.links.push({
    object: plan.object,
    externalId: record.id,
    kind: plan.kind,
    localId: local.id,
    stamp: record.stamp,
    base,
    kept: differing({ ...link?.kept, ...agreedHere }, base),
    loadId: loadId ?? link?.loadId ?? null,
    parted: false,
  });
  // A record that was linked before is listed by its own change.
  if (link === undefined && !isEmptySet(merge.toRemote)) findings.toGive.push(local.id);
  for (const conflict of merge.conflicts) {
    const at = { object: plan.object, externalId: record.id, localId: local.id };
    const resolution = plan.push === 'none' ? 'remote' : null;
    findings.conflicts.push({ ...at, ...conflict, reason: 'both_changed', resolution });
  }
}

/** A record of ours has the same key: the two are one unless it belongs to another record there already. */
async function adopt(
  unit: SyncUnit,
  plan: ObjectPlan,
  entry: Entry,
  result: Extract<RecordWriteResult, { outcome: 'taken' }>,
  findings: Findings,
  loadId: string | undefined,
): Promise<void> {
  const [local] = entry.link === undefined ? await unit.read(plan.kind, [result.holder]) : [];
  const others = local === undefined ? [] : await unit.linksHere(plan.kind, [local.id]);
  const claimed = findings.links.some((link) => link.localId === local?.id);
  if (local === undefined || others.length > 0 || claimed) {
    reject(plan, entry, result, findings, loadId);
    return;
  }
  const adopted: Entry = { ...entry, local, merge: mergeWith(plan, entry.taken, undefined, local) };
  const fields = Object.fromEntries(writesOf(plan, adopted.merge));
  const [written] = await unit.write(plan.kind, [{ id: local.id, fields }]);
  if (written?.outcome !== 'written') {
    reject(plan, entry, written, findings, loadId);
    return;
  }
  findings.written += 1;
  note(plan, adopted, written.record, findings, loadId);
}

/** What was last agreed on stays, so that the record is compared again when it is retried. */
function reject(
  plan: ObjectPlan,
  { taken, link }: Entry,
  result: RecordWriteResult | undefined,
  findings: Findings,
  loadId: string | undefined,
): void {
  const { id } = taken.record;
  const reason =
    result !== undefined && 'reason' in result ? result.reason : 'the record was deleted here meanwhile';
  findings.rejections.push({ direction: 'pull', object: plan.object, id, field: '', reason });
  if (link !== undefined && loadId !== undefined) findings.links.push({ ...link, loadId });
}
