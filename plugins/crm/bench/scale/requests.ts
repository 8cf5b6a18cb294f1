import type { createPicker } from './random.ts';
import { companyWords, familyNames, givenNames, tags, trades } from './words.ts';

/** A kind of request of a sales team. */
export interface RequestKind {
  readonly name: string;
  /** The path below `/api/v1/crm` of one such request; each is a little different. */
  path(pick: ReturnType<typeof createPicker>): string;
}

const filtered = (object: string, filter: object, more = '') =>
  `/${object}?filter=${encodeURIComponent(JSON.stringify(filter))}${more}`;

/** The records with the most to tell, the busiest first; none where a caller sees none. */
export interface BusyRecords {
  readonly contacts: readonly string[];
  readonly companies: readonly string[];
  readonly deals: readonly string[];
}

/** The requests that are measured of a caller who sees these busy records; those at the last page follow from the lists. */
export function requestKinds(busy: BusyRecords): readonly RequestKind[] {
  const timelines = (['contacts', 'companies', 'deals'] as const).flatMap((object): RequestKind[] => {
    const ids = busy[object];
    if (ids.length === 0) return [];
    return [
      { name: `timeline of busy ${object}`, path: ({ evenly }) => `/${object}/${evenly(ids)}/timeline` },
    ];
  });
  const [contact] = busy.contacts;
  const about: RequestKind[] =
    contact === undefined
      ? []
      : [{ name: 'activities about the busiest contact', path: () => `/activities?record_id=${contact}` }];
  return [...listKinds, ...timelines, ...about, ...searchKinds];
}

const listKinds: readonly RequestKind[] = [
  { name: 'contacts by last name', path: () => '/contacts?sort=last_name&limit=50' },
  { name: 'contacts, the latest', path: () => '/contacts?sort=-created_at&limit=50' },
  {
    name: 'contacts of a last name',
    path: ({ unevenly }) => filtered('contacts', { last_name: unevenly(familyNames) }, '&sort=-updated_at'),
  },
  {
    name: 'contacts of an owner by last name',
    path: ({ below }) => filtered('contacts', { owner_id: `user-${below(50)}` }, '&sort=last_name'),
  },
  { name: 'contacts with a tag', path: ({ unevenly }) => `/contacts?tag=${unevenly(tags)}` },
  {
    name: 'contacts with a tag, counted',
    path: ({ unevenly }) => `/contacts?tag=${unevenly(tags)}&count=true`,
  },
  { name: 'companies by name', path: () => '/companies?sort=name' },
  {
    name: 'companies whose name begins',
    path: ({ evenly }) =>
      filtered('companies', { name: { starts_with: evenly(companyWords) } }, '&sort=name'),
  },
  { name: 'deals, the largest', path: () => '/deals?sort=-amount' },
  {
    name: 'open deals of an owner by the day they close',
    path: ({ below }) =>
      filtered('deals', { owner_id: `user-${below(49)}`, status: 'open' }, '&sort=expected_close_date'),
  },
  { name: 'forecast', path: () => '/deals/forecast' },
  {
    name: 'forecast of a team',
    path: ({ below }) => filtered('deals/forecast', { team_id: `team-${below(10)}` }),
  },
  { name: 'activities, the latest', path: () => '/activities?sort=-occurred_at' },
  {
    name: 'open tasks by the day they are due',
    path: () => filtered('activities', { status: 'open' }, '&sort=due_at'),
  },
  {
    name: 'open tasks of an owner by the day they are due',
    path: ({ below }) =>
      filtered('activities', { status: 'open', owner_id: `user-${below(49)}` }, '&sort=due_at'),
  },
];

const searchKinds: readonly RequestKind[] = [
  {
    name: 'search, a common name',
    path: ({ unevenly }) => `/search?q=${encodeURIComponent(unevenly(givenNames))}`,
  },
  {
    name: 'search, a full name',
    path: ({ unevenly }) =>
      `/search?q=${encodeURIComponent(`${unevenly(givenNames)} ${unevenly(familyNames)}`)}`,
  },
  { name: 'search, an e-mail', path: ({ below }) => `/search?q=person${below(1_000)}@` },
  {
    name: 'search, a typing error',
    path: ({ unevenly }) => `/search?q=${encodeURIComponent(swapped(unevenly(familyNames)))}`,
  },
  { name: 'search, a deal', path: ({ evenly }) => `/search?kinds=deal&q=${evenly(trades)}` },
  {
    name: 'search, words of notes',
    path: ({ evenly, unevenly }) =>
      `/search?kinds=activity&q=${encodeURIComponent(`${evenly(trades)} ${unevenly(givenNames)}`)}`,
  },
  { name: 'search, the end of a phone number', path: ({ below }) => `/search?q=${1_000 + below(8_999)}` },
];

/** A word with two letters in its middle exchanged. */
function swapped(word: string): string {
  const at = Math.max(1, Math.floor(word.length / 2) - 1);
  return word.slice(0, at) + word.charAt(at + 1) + word.charAt(at) + word.slice(at + 2);
}
