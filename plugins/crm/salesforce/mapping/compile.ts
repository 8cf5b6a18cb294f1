import type { FieldValue, FieldValues, RemoteRecord, TargetField, TargetKind } from '../../provider.ts';
import type { FieldPlan, ObjectPlan, Taken } from '../../sync/plan.ts';
import type { ObjectProposal, ValuePreview } from '../../sync/proposal.ts';
import type { DescribedField, DescribedObject } from '../client/describe.ts';
import { giveValue, takeValue } from './convert.ts';
import { defaultMappings, relatedTo } from './defaults.ts';
import type { Words } from './defaults.ts';
import { noOwners } from './owners.ts';
import type { Owners } from './owners.ts';

/** What a mapping is compiled from. */
export interface Compiling {
  readonly described: readonly DescribedObject[];
  readonly kinds: readonly TargetKind[];
  readonly proposals: readonly ObjectProposal[];
  /** Who of ours the users there are; default nobody. */
  readonly owners?: Owners;
  /** Values that a record has here whose owner nobody here is. */
  readonly defaults?: FieldValues | undefined;
}

/** The plans of a mapping without faults, in the order of its objects. */
export function compileMapping({
  described,
  kinds,
  proposals,
  owners = noOwners,
  defaults,
}: Compiling): ObjectPlan[] {
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
      if (ours.type === 'user') return [ownerPlan(theirs, ours, owners)];
      if (theirs.type === 'reference') return [reference(theirs, ours, objectOf, kindOf)];
      return [plain(theirs, ours, defaultMappings[object.name]?.words?.[remote])];
    });
    return [
      {
        object: object.name,
        kind: kind.name,
        push: proposal.push,
        keyField: proposal.keyField ?? undefined,
        fields: withoutShared(fields),
        constants: constantsOf(object.name, kind),
        defaults,
      },
    ];
  });
}

function plain(theirs: DescribedField, ours: TargetField, words: Words | undefined): FieldPlan {
  const about = { remote: theirs.name, local: ours.name, fold: foldOf(theirs, ours) };
  if (words !== undefined) return { ...about, ...inWords(theirs, words) };
  const give = theirs.updateable
    ? (value: FieldValue): FieldValue => giveValue(theirs.type, value)
    : undefined;
  return { ...about, take: (value) => takeValue(ours, value), give };
}

/** Theirs is left as it is where ours has no word for it. */
function inWords(theirs: DescribedField, { take, otherwise, give }: Words): Pick<FieldPlan, 'take' | 'give'> {
  return {
    take: (value) => ({ value: value === null ? null : (take[String(value)] ?? otherwise) }),
    give: theirs.updateable ? (value) => (typeof value === 'string' ? give[value] : undefined) : undefined,
  };
}

/** An owner whom nobody here is says nothing about ours. */
function ownerPlan(theirs: DescribedField, ours: TargetField, owners: Owners): FieldPlan {
  return {
    remote: theirs.name,
    local: ours.name,
    take(value) {
      const owner = typeof value === 'string' ? owners.here.get(value) : undefined;
      return owner === undefined ? { unknown: true } : { value: owner };
    },
    give: theirs.updateable
      ? (value) => (typeof value === 'string' ? owners.there.get(value) : undefined)
      : undefined,
  };
}

/** Values that mean the same: e-mails and domains in any case, instants of a day where they hold no time of day. */
function foldOf(theirs: DescribedField, ours: TargetField): FieldPlan['fold'] {
  if (ours.type === 'email' || ours.type === 'domain') return foldCase;
  return theirs.type === 'date' && ours.type === 'date_time' ? foldDay : undefined;
}

function foldDay(value: FieldValue): FieldValue {
  return typeof value === 'string' ? value.slice(0, 10) : value;
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
    if ('unknown' in taken) return { remote, local, before, note: 'nobody here is this user' };
    if ('reference' in taken) return { remote, local, before };
    const { value: after, cut } = taken;
    return cut === undefined ? { remote, local, before, after } : { remote, local, before, after, note: cut };
  });
}

function foldCase(value: FieldValue): FieldValue {
  return typeof value === 'string' ? value.toLowerCase() : value;
}
