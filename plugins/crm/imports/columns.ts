import type { FieldSet } from '@orchestrall/sdk/resources';
import { restoreFormula } from '../csv/formulas.ts';
import { withoutNul } from '../records/store.ts';
import { columnsOf, foldHeader, recogniseSource } from './sources/recognise.ts';
import type { Source, Target } from './sources/source.ts';

/** What a file may feed. */
export interface ImportTargets {
  /** Name of the records' table. */
  readonly table: string;
  readonly fields: FieldSet;
  /** Keys by which a reference may be found, by its field: `company_id` by `domain` and `name`. */
  readonly references: ReadonlyMap<string, readonly string[]>;
}

/** Which target a column feeds, as it was said: by the column's name or place (`#2`), null to leave it out. */
export type Mapping = Readonly<Record<string, Target | null>>;

/** How it is known what a column feeds. */
export type MatchReason = 'mapping' | 'field' | 'source' | 'other_name';

/** One column of a file. */
export interface MatchedColumn {
  /** From 1. */
  readonly place: number;
  readonly name: string;
  readonly target: Target | null;
  /** Null for a column that feeds nothing. */
  readonly reason: MatchReason | null;
}

/** What the header of a file says. */
export interface Columns {
  readonly columns: readonly MatchedColumn[];
  readonly source: Source | undefined;
  /** Why the file cannot be imported with this header; empty when it can. */
  readonly faults: readonly string[];
}

/** Every target that a mapping may name. */
export function targetsOf({ fields, references }: ImportTargets): Target[] {
  const keyed = [...references].flatMap(([field, keys]) => keys.map((key) => `${field}.${key}`));
  return [...Object.keys(fields), ...keyed];
}

/**
 * Matches the columns of a header: by the mapping; else by the name of a field, by what the system calls it that the
 * file comes from, or by another name that the field is known under. Of columns that fit one target the one that fits
 * best feeds it.
 */
export function matchColumns(
  targets: ImportTargets,
  key: string,
  header: readonly string[],
  mapping: Mapping,
): Columns {
  const names = header.map((column) => restoreFormula(column).trim());
  const said = new Map<number, Target | null>();
  const faults: string[] = [];
  for (const [column, target] of Object.entries(mapping)) {
    const places = placesOf(names, column);
    if (places.length === 0)
      faults.push(
        `line 1: the mapping names the column "${withoutNul(column)}", which the file does not have`,
      );
    for (const place of places) said.set(place, target);
  }
  const plain = new Map(
    Object.entries(targets.fields).flatMap(([name, { headers }]) =>
      [foldHeader(name), ...headers].map((folded, index) => [folded, { name, index }] as const),
    ),
  );
  const source = recogniseSource(targets.table, names, new Set(plain.keys()));
  const candidates = candidatesOf(targets, names, source).filter(({ place }) => !said.has(place));
  const chosen = new Map<number, { readonly target: Target; readonly reason: MatchReason }>();
  const taken = new Map<Target, number>();
  for (const [place, target] of said) {
    if (target === null) continue;
    if (taken.has(target)) faults.push(moreThanOne(target));
    taken.set(target, place);
    chosen.set(place, { target, reason: 'mapping' });
  }
  for (const { place, target, reason } of candidates) {
    if (chosen.has(place)) continue;
    const holder = taken.get(target);
    if (holder === undefined) {
      taken.set(target, place);
      chosen.set(place, { target, reason });
    } else if (!said.has(holder) && foldHeader(names[holder] ?? '') === foldHeader(names[place] ?? '')) {
      faults.push(moreThanOne(target));
    }
  }
  const columns = names.map((_, place) => {
    const { target = null, reason = null } = chosen.get(place) ?? {};
    return { place: place + 1, name: withoutNul(header[place] ?? ''), target, reason };
  });
  if (chosen.size === 0)
    faults.push(
      `line 1: no column is known; line 1 must name columns, which are ${targetsOf(targets).join(', ')}`,
    );
  else if (key !== '' && !taken.has(key))
    faults.push(`line 1: the key column ${key} is missing; add it or choose another key`);
  return { columns, source, faults: [...new Set(faults)] };
}

interface Candidate {
  readonly place: number;
  readonly target: Target;
  readonly reason: MatchReason;
  readonly rank: number;
}

/** What each column may feed, the best fit first. */
function candidatesOf(
  targets: ImportTargets,
  names: readonly string[],
  source: Source | undefined,
): Candidate[] {
  const known = new Set(targetsOf(targets));
  const others = new Map(
    Object.entries(targets.fields).flatMap(([target, { headers }]) =>
      headers.map((folded, rank) => [folded, { target, rank }] as const),
    ),
  );
  // What has no field of its own is named by its surest key: `contact` by its e-mail.
  const linked = [...targets.references].flatMap(([name, [key]]) =>
    key === undefined || Object.hasOwn(targets.fields, name) ? [] : [[name, `${name}.${key}`] as const],
  );
  const ofFields = new Map([
    ...linked.map(([name, target]) => [foldHeader(name), target] as const),
    ...[...known].map((target) => [foldHeader(target), target] as const),
  ]);
  const ofSource =
    source === undefined ? new Map<string, readonly Target[]>() : columnsOf(source, targets.table);
  const order = [...ofSource.keys()];
  const candidates: Candidate[] = [];
  for (const [place, name] of names.entries()) {
    const folded = foldHeader(name);
    const field = ofFields.get(folded);
    const bySource = ofSource.get(folded)?.find((target) => known.has(target));
    const other = others.get(folded);
    // What the system calls otherwise is not what the word says elsewhere: Outlook's Title is no position.
    if (bySource !== undefined)
      candidates.push({ place, target: bySource, reason: 'source', rank: 1_000 + order.indexOf(folded) });
    if (ofSource.has(folded) && field === undefined) continue;
    if (field !== undefined) candidates.push({ place, target: field, reason: 'field', rank: 0 });
    else if (other !== undefined)
      candidates.push({ place, target: other.target, reason: 'other_name', rank: 2_000 + other.rank });
  }
  return candidates.toSorted((left, right) => left.rank - right.rank);
}

/** The places of the columns that a mapping's name means. */
function placesOf(names: readonly string[], column: string): number[] {
  const every = [...names.keys()];
  const exact = every.filter((place) => names[place] === column.trim());
  if (exact.length > 0) return exact;
  const place = /^#(\d{1,5})$/.exec(column)?.[1];
  if (place !== undefined) return names[Number(place) - 1] === undefined ? [] : [Number(place) - 1];
  const folded = foldHeader(column);
  return every.filter((index) => foldHeader(names[index] ?? '') === folded);
}

function moreThanOne(target: Target): string {
  return `line 1: more than one column is read as ${target}; keep one of them`;
}
