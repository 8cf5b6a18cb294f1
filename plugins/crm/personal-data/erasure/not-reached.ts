import { toStatement } from '@orchestrall/sdk/resources';
import type { Queryable } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { Person } from '../person.ts';
import type { NotReached } from './schemas.ts';

/** What lies beyond an erasure, whoever was erased. */
const always: readonly NotReached[] = [
  {
    what: 'backups',
    why: 'Backups of the database hold the person until they are deleted by their own retention; erase again after a restore.',
  },
  {
    what: 'database files',
    why: 'Dead rows stay in the files of PostgreSQL, out of reach of SQL, until it writes over them; VACUUM FULL does it at once.',
  },
  {
    what: 'webhook receivers',
    why: 'Receivers have what was delivered to them before; `contact.erased` tells them the id.',
  },
  {
    what: 'other plugins',
    why: 'Plugins that took events or called CRM keep their own data; `contact.erased` tells them the id.',
  },
  { what: 'downloads', why: 'Files that people have exported are theirs to delete.' },
];

/** What lies beyond the erasure of this person, with the records that an outside system has of them. */
export async function notReached(database: Queryable, { ids }: Person): Promise<NotReached[]> {
  const query = sql`select object, external_id from sync_links
    where kind = 'contacts' and local_id = any(${[...ids]}::uuid[]) order by object, external_id`;
  const links = await database.query<{ object: string; external_id: string }>(toStatement(query));
  const outside = links.map(({ object, external_id }) => ({
    what: `${object} ${external_id} of the outside system`,
    why: 'Erase it there as well; the exchange does not bring it back.',
  }));
  return [...always, ...outside];
}
