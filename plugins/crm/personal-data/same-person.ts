import type { Queryable } from '@orchestrall/sdk/resources';
import { findWinners, mergedInto } from '../records/merged.ts';

/** These contacts, what they were merged into, and all that was merged into those: each is one person. */
export async function samePerson(database: Queryable, contactIds: readonly string[]): Promise<string[]> {
  const given = contactIds.map((id) => id.toLowerCase());
  const winners = await findWinners('contacts', database, given);
  const left = [...new Set([...given, ...winners.values()])];
  return [...new Set([...left, ...(await mergedInto(database, left))])].toSorted();
}
