import type { FieldValue, RemoteRecord, TargetField, TargetKind } from '../../provider.ts';
import type { FieldPlan, ObjectPlan, Taken } from '../../sync/plan.ts';
import type { ObjectProposal, ValuePreview } from '../../sync/proposal.ts';
import type { DescribedField, DescribedObject } from '../client/describe.ts';
import { giveValue, takeValue } from './convert.ts';
import { defaultMappings, relatedTo } from './defaults.ts';

/** What a mapping is compiled from. */
export interface Compiling {
  readonly described: readonly DescribedObject[];
  readonly kinds: readonly TargetKind[];
  readonly proposals: readonly ObjectProposal[];
}

/** The plans of a mapping without faults, in the order of its objects. */
export function compileMapping({ described, kinds, proposals }: Compiling): ObjectPlan[] {
  const objectOf = new Map(
    described.flatMap(({ keyPrefix, name }) => (keyPrefix === null ? [] : [[keyPrefix, name]])),
  );
  const kindOf = new Map(proposals.map(({ object, kind }) => [object, kind]));
  return proposals.flatMap((proposal) => {
    const object = described.find(({ name }) => name === proposal.object);
    const kind = kinds.find(({ name }) => name === proposal.kind);
    if (object === undefined || kind === undefined) return [];
    const fields = proposal.fields.flatMap(({ remote, local, state }) => {
      const theirs = object.fields.find(({ name }) => name === remote);
      const ours = kind.fields.find(({ name }) => name === local);
      if ((state !== 'whole' && state !== 'partly') || theirs === undefined || ours === undefined) return [];
      return [theirs.type === 'reference' ? reference(theirs, ours, objectOf, kindOf) : plain(theirs, ours)];
    });
    return [
      {
        object: object.name,
        kind: kind.name,
        push: proposal.push,
        keyField: proposal.keyField ?? undefined,
        fields: withoutShared(fields),
        constants: constantsOf(object.name, kind),
      },
    ];
  });
}

function plain(theirs: DescribedField, ours: TargetField): FieldPlan {
  const give = theirs.updateable
    ? (value: FieldValue): FieldValue => giveValue(theirs.type, value)
    : undefined;
  const fold = ours.type === 'email' || ours.type === 'domain' ? foldCase : undefined;
  return { remote: theirs.name, local: ours.name, take: (value) => takeValue(ours, value), give, fold };
}

/** Which object an id names is told by its first three characters. */
function reference(
  theirs: DescribedField,
  ours: TargetField,
  objectOf: ReadonlyMap<string | undefined, string | undefined>,
  kindOf: ReadonlyMap<string, string | null>,
): FieldPlan {
  const take = (value: FieldValue): Taken => {
    if (typeof value !== 'string' || value === '') return { value: null };
    const object = objectOf.get(value.slice(0, 3));
    if (object !== undefined && !isMeant(theirs, ours, object)) return { value: null };
    if (object === undefined) return { value: null, cut: 'it refers to an object that is not taken' };
    if (kindOf.get(object) === ours.references) return { reference: { object, id: value } };
    return { value: null, cut: `it refers to an object ${object} that is not taken` };
  };
  const give =
    theirs.updateable && ours.references !== undefined ? (value: FieldValue): FieldValue => value : undefined;
  return { remote: theirs.name, local: ours.name, take, give, references: ours.references };
}

/** `WhatId` fills a field for each kind of record that it may name. */
function isMeant(theirs: DescribedField, ours: TargetField, object: string): boolean {
  if (theirs.name !== 'WhatId') return true;
  return relatedTo.some(([named, local]) => named === object && local === ours.name);
}

/** A field there that fills several here is never written: which of them would it be? */
function withoutShared(fields: readonly FieldPlan[]): FieldPlan[] {
  const times = new Map<string, number>();
  for (const { remote } of fields) times.set(remote, (times.get(remote) ?? 0) + 1);
  return fields.map((field) => ((times.get(field.remote) ?? 0) > 1 ? { ...field, give: undefined } : field));
}

function constantsOf(object: string, kind: TargetKind): Readonly<Record<string, string>> | undefined {
  const constants = Object.entries(defaultMappings[object]?.constants ?? {});
  const known = constants.filter(([name]) => kind.fields.some((field) => field.name === name));
  return known.length === 0 ? undefined : Object.fromEntries(known);
}

/** What the fields of a record would become. */
export function previewRecord(plan: ObjectPlan, record: RemoteRecord): ValuePreview[] {
  return plan.fields.map((field) => {
    const { remote, local } = field;
    const before = record.fields[remote] ?? null;
    const taken = field.take(before);
    if ('fault' in taken) return { remote, local, before, note: taken.fault };
    if ('reference' in taken) return { remote, local, before };
    const { value: after, cut } = taken;
    return cut === undefined ? { remote, local, before, after } : { remote, local, before, after, note: cut };
  });
}

function foldCase(value: FieldValue): FieldValue {
  return typeof value === 'string' ? value.toLowerCase() : value;
}
