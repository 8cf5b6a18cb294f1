import type { createPicker } from './random.ts';
import { companyWords, familyNames, givenNames, tags } from './words.ts';

/** A kind of request of a sales team. */
export interface RequestKind {
  readonly name: string;
  /** The path below `/api/v1/crm` of one such request; each is a little different. */
  path(pick: ReturnType<typeof createPicker>): string;
}

const filtered = (object: string, filter: object, more = '') =>
  `/${object}?filter=${encodeURIComponent(JSON.stringify(filter))}${more}`;

/** The requests that are measured; those at the last page follow from the lists. */
export const requestKinds: readonly RequestKind[] = [
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
];

/** A word with two letters in its middle exchanged. */
function swapped(word: string): string {
  const at = Math.max(1, Math.floor(word.length / 2) - 1);
  return word.slice(0, at) + word.charAt(at + 1) + word.charAt(at) + word.slice(at + 2);
}
