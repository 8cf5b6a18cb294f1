import type { FieldValue, LocalChange, LocalRecord, RemoteRecord } from '../provider.ts';
import { createThere } from './create.ts';
import { giveAll, refuse } from './give.ts';
import type { Giving, PushRound } from './give.ts';
import { mergeFields } from './merge.ts';
import type { SyncParts } from './load.ts';
import { deletedThere } from './parting.ts';
import { remoteFieldsOf, sameIn } from './plan.ts';
import type { ObjectPlan } from './plan.ts';
import type { Link, SyncUnit } from './state.ts';
import { takeRecords } from './take.ts';
import type { TakenRecord } from './take.ts';
import { differing, isEmptySet } from './values.ts';

/** Changed records that are looked at together. */
const changesAtATime = 200;

/** One that is linked, with what it is compared with. */
interface Update extends Giving {
  readonly link: Link;
  readonly taken: TakenRecord;
}

/**
 * Writes changes of ours there, field by field: only what changed here and not there, only if the record there is still
 * the one that was compared, and never where it would lose something of theirs. Everything else is told as a conflict.
 * A record that changed there within the second of the comparison waits for the next round, since stamps have no more
 * than seconds. What belongs to none of the plans is taken off the list.
 *
 * @param plans all there are; default this one
 */
export async function pushChanges(
  parts: SyncParts,
  plan: ObjectPlan,
  plans: readonly ObjectPlan[] = [plan],
): Promise<void> {
  const siblings = plans.filter(({ kind }) => kind === plan.kind);
  for (let after = ''; ;) {
    parts.signal.throwIfAborted();
    const changes = await parts.store.transaction(async (unit) =>
      unit.changes(plan.kind, after, changesAtATime),
    );
    const last = changes.at(-1);
    if (last === undefined) return;
    await pushRound(parts, plan, siblings, changes);
    after = last.id;
  }
}

async function pushRound(
  parts: SyncParts,
  plan: ObjectPlan,
  siblings: readonly ObjectPlan[],
  changes: readonly LocalChange[],
): Promise<void> {
  const round: PushRound = { links: [], conflicts: [], compared: [], rejections: [], settled: [] };
  const ids = changes.map(({ id }) => id);
  const { links, locals } = await parts.store.transaction(async (unit) => ({
    links: new Map((await unit.linksHere(plan.kind, ids)).map((link) => [link.localId, link])),
    locals: new Map((await unit.read(plan.kind, ids)).map((record) => [record.id, record])),
  }));
  const linked: { change: LocalChange; local: LocalRecord; link: Link }[] = [];
  const fresh: Giving[] = [];
  for (const change of changes) {
    const local = locals.get(change.id);
    const link = links.get(change.id);
    if (!belongsTo(plan, link, local)) {
      if (!siblings.some((each) => belongsTo(each, link, local))) round.settled.push(change);
      continue;
    }
    // Deleted since the run began: the next one parts the pair first.
    if (local === undefined && link?.parted === false) continue;
    if (plan.push === 'none' || local === undefined || link?.parted === true) round.settled.push(change);
    else if (link === undefined) fresh.push({ change, local, values: local.fields });
    else linked.push({ change, local, link });
  }
  await updateThere(parts, plan, linked, round);
  if (plan.push === 'create_and_update') await createThere(parts, plan, fresh, round);
  else round.settled.push(...fresh.map(({ change }) => change));
  await parts.store.transaction(async (unit) => keepRound(unit, plan, round));
}

/** Several objects may become one kind: each settles its own. */
function belongsTo(plan: ObjectPlan, link: Link | undefined, local: LocalRecord | undefined): boolean {
  if (link !== undefined) return link.object === plan.object;
  if (local === undefined) return true;
  return isEmptySet(differing(plan.constants ?? {}, local.fields));
}

async function keepRound(unit: SyncUnit, plan: ObjectPlan, round: PushRound): Promise<void> {
  await unit.saveLinks(round.links);
  await unit.replaceConflicts(plan.object, round.compared, round.conflicts);
  const ids = new Set([...round.settled, ...round.rejections].map(({ id }) => id));
  await unit.replaceRejections('push', plan.object, [...ids], round.rejections);
  // What still refers to a record that is not there stays listed until it is.
  const lacking = new Set(round.rejections.filter(({ field }) => field !== '').map(({ id }) => id));
  const settled = round.settled.filter(({ id }) => !lacking.has(id));
  await unit.settle(plan.kind, settled);
}

async function updateThere(
  parts: SyncParts,
  plan: ObjectPlan,
  linked: readonly { change: LocalChange; local: LocalRecord; link: Link }[],
  round: PushRound,
): Promise<void> {
  if (linked.length === 0) return;
  const { source, store } = parts;
  const externalIds = linked.map(({ link }) => link.externalId);
  // Before they are read: what was changed within that second is then in, whatever comes after has a later stamp.
  const readAt = await source.now();
  const records = await source.read(plan.object, remoteFieldsOf(plan), externalIds);
  const taken = await store.transaction(async (unit) => takeRecords(unit, plan, records));
  const byId = new Map(taken.map((each) => [each.record.id, each]));
  const updates: Update[] = [];
  for (const each of linked) {
    const theirs = byId.get(each.link.externalId);
    round.compared.push(each.link.externalId);
    if (theirs === undefined) {
      round.links.push({ ...each.link, parted: true });
      round.conflicts.push(deletedThere(each.link));
      round.settled.push(each.change);
    } else if (isWithinSecond(theirs.record, readAt)) round.compared.pop();
    else compare(plan, { ...each, taken: theirs }, updates, round);
  }
  await sendUpdates(parts, plan, updates, round);
}

/** Whether the record may have changed since it was read without its stamp telling. */
function isWithinSecond({ stamp }: RemoteRecord, now: string): boolean {
  return Math.floor(Date.parse(stamp) / 1_000) >= Math.floor(Date.parse(now) / 1_000);
}

function compare(
  plan: ObjectPlan,
  each: { change: LocalChange; local: LocalRecord; link: Link; taken: TakenRecord },
  updates: Update[],
  round: PushRound,
): void {
  const { local, link, taken, change } = each;
  const merge = mergeFields({ there: link.base, here: link.kept }, local.fields, taken.values, sameIn(plan));
  const at = { object: plan.object, externalId: link.externalId, localId: local.id, resolution: null };
  for (const conflict of merge.conflicts)
    round.conflicts.push({ ...at, ...conflict, reason: 'both_changed' });
  const values: Record<string, FieldValue> = {};
  for (const field of plan.fields) {
    const ours = merge.toRemote[field.local];
    if (ours === undefined || field.give === undefined) continue;
    if (taken.cuts.has(field.local)) {
      const remote = taken.values[field.local] ?? null;
      const told = { field: field.local, local: ours, remote, base: link.base[field.local] ?? null };
      round.conflicts.push({ ...at, ...told, reason: 'would_lose' });
    } else values[field.local] = ours;
  }
  if (isEmptySet(values)) round.settled.push(change);
  else updates.push({ change, local, link, taken, values });
}

async function sendUpdates(
  { source, store }: SyncParts,
  plan: ObjectPlan,
  updates: readonly Update[],
  round: PushRound,
): Promise<void> {
  const given = await store.transaction(async (unit) => giveAll(unit, plan, updates, round));
  if (given.length === 0) return;
  const results = await source.update(
    plan.object,
    given.map(({ giving, fields }) => {
      const { id, stamp } = giving.taken.record;
      return { id, unmodifiedSince: stamp, fields };
    }),
  );
  for (const [index, { giving, values }] of given.entries()) {
    const result = results[index];
    if (result?.outcome === 'written') {
      const { link } = giving;
      const kept = Object.fromEntries(Object.entries(link.kept).filter(([name]) => !(name in values)));
      round.links.push({ ...link, base: { ...link.base, ...values }, kept });
      round.settled.push(giving.change);
    } else if (result?.outcome === 'refused') refuse(plan, giving, result.reason, round);
    // What changed, is locked or was deleted there meanwhile stays listed and is compared again.
  }
}
