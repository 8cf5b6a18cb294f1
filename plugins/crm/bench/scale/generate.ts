import { createPicker, createRandom } from './random.ts';
import {
  companyWords,
  familyNames,
  givenNames,
  legalForms,
  stages,
  subjects,
  tags,
  trades,
} from './words.ts';

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

/** The first instant in which something took place. */
const epochMs = Date.UTC(2025, 0, 1);
const days = 600;

/** A company as other records refer to it. */
export function companyDomain(index: number): string {
  const word = companyWords[index % companyWords.length] ?? '';
  return `${word.toLowerCase()}-${index}.example`;
}

/** E-mail of a contact as other records refer to it. */
export function contactEmail(index: number): string {
  return `person${index}@${companyDomain(index % 977)}`;
}

/** What a deal is called elsewhere. */
export function dealId(index: number): string {
  return `D-${index}`;
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

/** The file of deals, a line at a time; some companies have far more than others. */
export function* dealLines({ deals, companies }: Sizes, { users, teams }: Owners): Generator<string> {
  const pick = createPicker(createRandom(seed + 2));
  yield 'name,external_id,stage_id.name,amount,currency,expected_close_date,company_id.domain,owner_id,team_id,tags';
  for (let index = 0; index < deals; index += 1) {
    const name = `${pick.evenly(trades)} for ${pick.evenly(companyWords)} ${index}`;
    const amount = `${pick.below(500_000)}.${String(pick.below(100)).padStart(2, '0')},${pick.unevenly(currencies)}`;
    const closing = new Date(epochMs + pick.below(days) * 86_400_000).toISOString().slice(0, 10);
    const company = companyDomain(pick.skewed(companies));
    const owner = `${pick.unevenly(users)},${pick.evenly(teams)}`;
    yield `${name},${dealId(index)},${pick.evenly(stages)},${amount},${closing},${company},${owner},${tagged(pick)}`;
  }
}

/** The file of activities, a line at a time; each is about a contact, a company, a deal or several of them. */
export function* activityLines(
  { activities, contacts, companies, deals }: Sizes,
  { users, teams }: Owners,
): Generator<string> {
  const pick = createPicker(createRandom(seed + 3));
  yield 'type,subject,body,starts_at,due_at,status,contact,company,deal,owner_id,team_id,tags';
  for (let index = 0; index < activities; index += 1) {
    const type = pick.evenly(activityTypes);
    const at = new Date(epochMs + pick.below(days * 1_440) * 60_000).toISOString();
    const when =
      type === 'task' ? `,${at},${pick.chance(0.9) ? 'done' : 'open'}` : `${type === 'note' ? '' : at},,`;
    const contact = pick.chance(0.8) ? contactEmail(pick.skewed(contacts)) : '';
    const company = pick.chance(0.3) ? companyDomain(pick.skewed(companies)) : '';
    const deal = pick.chance(0.2) || `${contact}${company}` === '' ? dealId(pick.skewed(deals)) : '';
    const text = `${pick.evenly(subjects)},About ${pick.evenly(trades)} with ${pick.unevenly(givenNames)}`;
    const owner = `${pick.unevenly(users)},${pick.evenly(teams)}`;
    yield `${type},${text},${when},${contact},${company},${deal},${owner},${tagged(pick)}`;
  }
}

const currencies = ['EUR', 'USD', 'GBP', 'CHF'];
const activityTypes = ['call', 'meeting', 'email', 'note', 'task'];

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
