import type { FieldValue, RemoteRecord } from '../provider.ts';
import type { ObjectPlan, RemoteReference } from './plan.ts';
import type { Link, MissingReference, Rejection, SyncUnit } from './state.ts';

/** A record of theirs in our form. */
export interface TakenRecord {
  readonly record: RemoteRecord;
  readonly values: Readonly<Record<string, FieldValue>>;
  /** Why a value holds less than theirs, by field; such a field is not written back over theirs. */
  readonly cuts: ReadonlyMap<string, string>;
  readonly rejections: readonly Rejection[];
  readonly missing: readonly MissingReference[];
}

interface Draft {
  readonly record: RemoteRecord;
  readonly values: Record<string, FieldValue>;
  readonly cuts: Map<string, string>;
  readonly rejections: Rejection[];
  readonly references: { readonly field: string; readonly to: RemoteReference }[];
}

/** Brings records into our form, with references looked up; the last of several states of a record counts. */
export async function takeRecords(
  unit: SyncUnit,
  plan: ObjectPlan,
  records: readonly RemoteRecord[],
): Promise<readonly TakenRecord[]> {
  const drafts = [...new Map(records.map((record) => [record.id, record])).values()].map((record) =>
    draftOf(plan, record),
  );
  const linkOf = await lookUp(
    unit,
    drafts.flatMap((draft) => draft.references.map(({ to }) => to)),
  );
  return drafts.map(({ references, ...draft }) => {
    const missing: MissingReference[] = [];
    for (const { field, to } of references) {
      const link = linkOf(to);
      draft.values[field] = link?.localId ?? null;
      if (link !== undefined) continue;
      draft.cuts.set(field, 'it refers to a record that is not here');
      const { object } = plan;
      missing.push({ object, externalId: draft.record.id, field, targetObject: to.object, targetId: to.id });
    }
    return { ...draft, missing };
  });
}

function draftOf(plan: ObjectPlan, record: RemoteRecord): Draft {
  const draft: Draft = { record, values: {}, cuts: new Map(), rejections: [], references: [] };
  for (const field of plan.fields) {
    const theirs = record.fields[field.remote];
    if (theirs === undefined) continue;
    const taken = field.take(theirs);
    if ('reference' in taken) draft.references.push({ field: field.local, to: taken.reference });
    else if ('value' in taken) {
      draft.values[field.local] = taken.value;
      if (taken.cut !== undefined) draft.cuts.set(field.local, taken.cut);
    } else if ('fault' in taken) {
      const { object } = plan;
      const rejection = { object, id: record.id, field: field.local, reason: taken.fault };
      draft.rejections.push({ direction: 'pull', ...rejection });
    }
  }
  return draft;
}

async function lookUp(
  unit: SyncUnit,
  references: readonly RemoteReference[],
): Promise<(reference: RemoteReference) => Link | undefined> {
  const found = new Map<string, Link>();
  for (const object of new Set(references.map((reference) => reference.object))) {
    const ids = references.filter((reference) => reference.object === object).map(({ id }) => id);
    const links = (await unit.links(object, [...new Set(ids)])).filter((link) => !link.parted);
    for (const link of await present(unit, links)) found.set(`${object}/${link.externalId}`, link);
  }
  return ({ object, id }) => found.get(`${object}/${id}`);
}

/** Those whose record is here, and stays until the transaction ends. */
async function present(unit: SyncUnit, links: readonly Link[]): Promise<readonly Link[]> {
  const here = new Set<string>();
  for (const kind of new Set(links.map((link) => link.kind))) {
    const ids = links.filter((link) => link.kind === kind).map(({ localId }) => localId);
    for (const { id } of await unit.read(kind, ids)) here.add(id);
  }
  return links.filter(({ localId }) => here.has(localId));
}
