import { createPicker, createRandom } from './random.ts';
import { companyWords, familyNames, givenNames, legalForms, tags, trades } from './words.ts';

/** How many records of each kind are made. */
export interface Sizes {
  readonly contacts: number;
  readonly companies: number;
  readonly deals: number;
  readonly activities: number;
}

/** Who owns the records. */
export interface Owners {
  readonly users: readonly string[];
  readonly teams: readonly string[];
}

const seed = 20_261_121;

/** A company as other records refer to it. */
export function companyDomain(index: number): string {
  const word = companyWords[index % companyWords.length] ?? '';
  return `${word.toLowerCase()}-${index}.example`;
}

/** E-mail of a contact as other records refer to it. */
export function contactEmail(index: number): string {
  return `person${index}@${companyDomain(index % 977)}`;
}

/** The file of companies, a line at a time; one in five has a parent among those before it. */
export function* companyLines({ companies }: Sizes, { users, teams }: Owners): Generator<string> {
  const pick = createPicker(createRandom(seed));
  yield 'name,domain,phone,website,owner_id,team_id,tags';
  for (let index = 0; index < companies; index += 1) {
    const name = `${pick.evenly(companyWords)} ${pick.evenly(trades)} ${index} ${pick.evenly(legalForms)}`;
    const domain = companyDomain(index);
    const owner = `${pick.unevenly(users)},${pick.evenly(teams)}`;
    yield `${name},${domain},${phone(pick.below)},https://www.${domain},${owner},${tagged(pick)}`;
  }
}

/** The file of contacts, a line at a time. */
export function* contactLines({ contacts }: Sizes, { users, teams }: Owners): Generator<string> {
  const pick = createPicker(createRandom(seed + 1));
  yield 'first_name,last_name,email,phone,owner_id,team_id,tags';
  for (let index = 0; index < contacts; index += 1) {
    const name = `${pick.unevenly(givenNames)},${pick.unevenly(familyNames)}`;
    const owner = `${pick.unevenly(users)},${pick.evenly(teams)}`;
    yield `${name},${contactEmail(index)},${phone(pick.below)},${owner},${tagged(pick)}`;
  }
}

function phone(below: (bound: number) => number): string {
  return `+49 ${30 + below(60)} ${1_000_000 + below(8_999_999)}`;
}

function tagged({ chance, unevenly }: ReturnType<typeof createPicker>): string {
  return chance(0.4) ? (chance(0.2) ? `${unevenly(tags)};${unevenly(tags)}` : unevenly(tags)) : '';
}

/** The text of lines in pieces of about 64 KB. */
export function* piecesOf(lines: Iterable<string>): Generator<string> {
  let piece = '';
  for (const line of lines) {
    piece += `${line}\n`;
    if (piece.length < 65_536) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}
