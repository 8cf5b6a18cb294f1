import type { Fault } from '@orchestrall/sdk';
import type { TargetKind } from '../../provider.ts';
import type { FieldProposal, MappingProposal, ObjectProposal } from '../../sync/proposal.ts';
import type { DescribedField, DescribedObject } from '../client/describe.ts';
import { defaultMappings, relatedTo } from './defaults.ts';
import type { Words } from './defaults.ts';
import { fitOf, impossibility, proposeField } from './fit.ts';
import type { MappingOverrides, ObjectOverride } from './overrides.ts';

/**
 * Every object that is mapped by itself, where there is a kind for it, or named by an override, those that others refer
 * to first.
 */
export function mappedObjects(overrides: MappingOverrides, kinds: readonly TargetKind[]): string[] {
  const named = Object.keys(overrides).filter((object) => overrides[object]?.take !== false);
  const standard = Object.keys(defaultMappings).filter((object) => {
    const kind = overrides[object]?.kind ?? defaultMappings[object]?.kind;
    const isMeant = overrides[object] !== undefined || kinds.some(({ name }) => name === kind);
    return overrides[object]?.take !== false && isMeant;
  });
  return [...new Set([...standard, ...named])];
}

/**
 * Proposes where each field of each described object goes: by the overrides, then by the default mapping, and custom
 * fields that nothing takes as custom fields to be made. Faults name what an override says that cannot be.
 */
export function proposeMapping(
  described: readonly DescribedObject[],
  kinds: readonly TargetKind[],
  overrides: MappingOverrides,
): Omit<MappingProposal, 'strangers'> {
  const faults: Fault[] = [];
  const objects = described.map((object) =>
    proposeObject(object, kinds, overrides[object.name] ?? {}, faults),
  );
  for (const name of Object.keys(overrides)) {
    if (overrides[name]?.take === false || described.some((object) => object.name === name)) continue;
    faults.push({ path: `/${name}`, message: 'no such object, or the user may not see it' });
  }
  return { objects, faults };
}

function proposeObject(
  object: DescribedObject,
  kinds: readonly TargetKind[],
  override: ObjectOverride,
  faults: Fault[],
): ObjectProposal {
  const path = `/${object.name}`;
  const wanted = override.kind ?? defaultMappings[object.name]?.kind;
  const kind = kinds.find(({ name }) => name === wanted);
  if (kind === undefined) {
    const names = kinds.map(({ name }) => name).join(', ');
    faults.push({ path: `${path}/kind`, message: `must be one of ${names}, is ${wanted ?? 'not given'}` });
  }
  if (!object.queryable) faults.push({ path, message: 'cannot be queried in this organisation' });
  for (const name of Object.keys(override.fields ?? {})) {
    if (object.fields.some((field) => field.name === name)) continue;
    faults.push({ path: `${path}/fields/${name}`, message: 'no such field, or the user may not see it' });
  }
  const taken = new Map<string, string>();
  const fields = object.fields.flatMap((field) =>
    proposalsOf(object, field, kind, override, (local, remote) => {
      const other = taken.get(local);
      taken.set(local, other ?? remote);
      return other;
    }).map(({ proposal, fault }) => {
      if (fault !== undefined) faults.push({ path: `${path}/fields/${field.name}`, message: fault });
      return proposal;
    }),
  );
  const { push = 'none', external_id_field: keyField } = override;
  faults.push(...keyFaults(object, push, keyField));
  return { object: object.name, kind: kind?.name ?? null, push, keyField: keyField ?? null, fields };
}

function keyFaults(object: DescribedObject, push: string, keyField: string | undefined): Fault[] {
  const path = `/${object.name}/external_id_field`;
  if (keyField === undefined) {
    const message = 'must be given, for a creation that was cut off is found again by it';
    return push === 'create_and_update' ? [{ path, message }] : [];
  }
  const field = object.fields.find(({ name }) => name === keyField);
  if (field === undefined) return [{ path, message: `${object.name} has no field ${keyField}` }];
  if (field.externalId && field.unique && Number(field.length) >= 36 && field.createable) return [];
  return [
    { path, message: 'must be a unique external id, a text of 36 characters or more, that the user may set' },
  ];
}

interface Proposed {
  readonly proposal: FieldProposal;
  readonly fault?: string;
}

type Claim = (local: string, remote: string) => string | undefined;

function proposalsOf(
  object: DescribedObject,
  field: DescribedField,
  kind: TargetKind | undefined,
  override: ObjectOverride,
  claim: Claim,
): Proposed[] {
  const about = { remote: field.name, label: field.label, type: field.type, custom: null };
  const leftOut = (note: string): Proposed[] => [
    { proposal: { ...about, local: null, state: 'left_out', note } },
  ];
  const impossible = impossibility(field);
  const said = override.fields?.[field.name];
  if (impossible !== undefined) {
    const proposal = { ...about, local: null, state: 'impossible', note: impossible } as const;
    return [typeof said === 'string' ? { proposal, fault: `cannot be taken: ${impossible}` } : { proposal }];
  }
  if (said === null) return leftOut('left out by the mapping');
  const names = said === undefined ? defaultNames(object.name, field, kind) : [said];
  const words = defaultMappings[object.name]?.words?.[field.name];
  if (names.length === 0 && field.custom) {
    const custom = proposeField(field);
    const note = `a custom field ${custom.name} would hold it`;
    if (field.type === 'reference') return leftOut('a reference needs a field here that refers to the same');
    return [{ proposal: { ...about, local: null, state: 'custom', note, custom } }];
  }
  if (names.length === 0) return leftOut('no field here is meant for it');
  return names.map((local) => proposeOne({ field, local, kind, words, isSaid: said !== undefined }, claim));
}

/** One field there for one field here, as an administrator has said or as it is by itself. */
interface Pairing {
  readonly field: DescribedField;
  readonly local: string;
  readonly kind: TargetKind | undefined;
  readonly words: Words | undefined;
  readonly isSaid: boolean;
}

function proposeOne({ field, local, kind, words, isSaid }: Pairing, claim: Claim): Proposed {
  const about = { remote: field.name, label: field.label, type: field.type, custom: null };
  const target = kind?.fields.find(({ name }) => name === local);
  const refused = (note: string): Proposed => {
    const proposal = { ...about, local: null, state: 'impossible', note } as const;
    return isSaid ? { proposal, fault: note } : { proposal };
  };
  if (target === undefined) return refused(`${kind?.name ?? 'the kind'} has no field ${local}`);
  const fit = fitOf(field, target, words);
  if (fit.fits === 'not') return refused(fit.note ?? 'does not fit');
  const other = claim(local, field.name);
  if (other !== undefined) return refused(`${local} is filled from ${other} already`);
  return { proposal: { ...about, local, state: fit.fits, note: fit.note ?? null } };
}

function defaultNames(object: string, field: DescribedField, kind: TargetKind | undefined): string[] {
  const remote = field.name;
  const has = (name: string): boolean => kind?.fields.some((ours) => ours.name === name) ?? false;
  if (remote === 'WhatId') return relatedTo.map(([, local]) => local).filter(has);
  const [, ...names] = defaultMappings[object]?.fields.find(([name]) => name === remote) ?? [];
  // A custom field that was made as it was proposed holds it.
  const name = names.find(has) ?? (field.custom ? [proposeField(field).name].find(has) : undefined);
  return name === undefined ? [] : [name];
}
