import type { RecordKind } from '../../records/kind.ts';
import { hears, learns, sees } from './model.ts';
import type { Asker, MadeRecord } from './model.ts';
import { allKinds, samples } from './samples.ts';
import type { World } from './world.ts';

/** One way to reach records. */
export interface Way {
  readonly name: string;
  /** The routes it goes, as the OpenAPI document names them, such as `GET /api/v1/crm/contacts/{id}`. */
  readonly routes: readonly string[];
  /** The least role that may go it. */
  readonly least: 'viewer' | 'operator' | 'admin';
  /** Whether it changes records, so that one asks after the other. */
  readonly changes?: boolean;
  /** Everything in which what somebody is told differs from the model; nothing when all is right. */
  check(world: World, asker: Asker): Promise<readonly string[]>;
}

/** The same way for each of these kinds. */
export function forKinds(
  make: (kind: RecordKind) => Way,
  kinds: readonly RecordKind[] = allKinds,
): readonly Way[] {
  return kinds.map(make);
}

/** Records of a kind that the model lets somebody see. */
export function visible({ rules, records }: World, asker: Asker, kind: RecordKind): MadeRecord[] {
  return records.filter((record) => record.kind === kind.name && sees(rules, asker, record));
}

/** All records of a kind. */
export function ofKind({ records }: World, kind: RecordKind): MadeRecord[] {
  return records.filter((record) => record.kind === kind.name);
}

/** Whether somebody learns of the field of a kind that rules hide. */
export function learnsSecret({ rules }: World, asker: Asker, { table }: Pick<RecordKind, 'table'>): boolean {
  return learns(rules, asker, table, samples[table].hidden);
}

/** Where a text tells somebody more than the model lets them see, or leaves out a record that it must tell. */
export function compareText(
  world: World,
  asker: Asker,
  text: string,
  expected: readonly MadeRecord[] = [],
): string[] {
  return differences(world, text, expected, (record) => sees(world.rules, asker, record), asker);
}

/** As `compareText`, for events: they carry whole records. */
export function compareEvents(
  world: World,
  asker: Asker,
  text: string,
  expected: readonly MadeRecord[],
): string[] {
  return differences(world, text, expected, (record) => hears(world.rules, asker, record), asker);
}

function differences(
  world: World,
  text: string,
  expected: readonly MadeRecord[],
  may: (record: MadeRecord) => boolean,
  asker: Asker,
): string[] {
  const found = text.toLowerCase();
  const missing = expected
    .filter(({ mark }) => !found.includes(mark))
    .map(({ mark }) => `leaves out ${mark}`);
  const told = world.records.flatMap((record) => {
    const { mark, secret } = record;
    if (!may(record)) {
      return [mark, secret].filter((word) => found.includes(word)).map((word) => `tells of ${word}`);
    }
    return found.includes(secret) && !learnsSecret(world, asker, record)
      ? [`tells the hidden ${secret}`]
      : [];
  });
  return [...missing, ...told];
}

/** A difference between two values, as a sentence. */
export function unlike(what: string, actual: unknown, expected: unknown): string[] {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  return left === right ? [] : [`${what} is ${left}, not ${right}`];
}

/** An id that is nobody's. */
export const unknownId = '01890a5d-ac96-774b-bcce-b302099a8057';

/** A problem without what belongs to its request and its record. */
export function bareProblem(text: string, id: string): string {
  return text
    .replaceAll(id, '<id>')
    .replace(/"request_id":"[^"]*"/, '')
    .replace(/"instance":"[^"]*"/, '');
}
