import { validationFailed } from '@orchestrall/sdk';
import type { AppError, Transaction } from '@orchestrall/sdk';
import type { HeldReferences, Written } from '../records/kind.ts';
import { holdExisting } from '../records/store.ts';
import type { CompanyFields } from './fields.ts';

/** Most companies above a company. */
export const maxCompanyDepth = 20;

/**
 * Holds the parents of companies about to be written, and refuses those that are not there, that would be above
 * themselves, or that would have more than 20 companies above them. Changes of the hierarchy follow each other: two at
 * a time could close a circle that neither of them sees.
 */
export async function holdParents(
  tx: Transaction,
  given: readonly Written<CompanyFields>[],
): Promise<HeldReferences<CompanyFields>> {
  const moved = given.flatMap(({ id, fields, before }) => {
    const { parent_id: parent } = fields;
    return parent === null || parent === before?.parent_id ? [] : [{ id, parent, fields }];
  });
  if (moved.length === 0) return { faultOf: () => undefined };
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('crm.companies.parent_id', 0))`);
  const parents = new Set(moved.map(({ parent }) => parent));
  const there = await holdExisting('companies', tx, parents);
  const parentOf = await readAncestors(tx, [...there]);
  const refusals = new Map<CompanyFields, AppError>();
  for (const { id, parent, fields } of moved) {
    const message = there.has(parent)
      ? faultOfParent(id, parent, parentOf)
      : `must be the id of a company; no company has the id ${parent}`;
    if (message === undefined) parentOf.set(id, parent);
    else refusals.set(fields, validationFailed([{ path: '/parent_id', message }]));
  }
  return { faultOf: (fields) => refusals.get(fields) };
}

function faultOfParent(
  id: string,
  parent: string,
  parentOf: ReadonlyMap<string, string>,
): string | undefined {
  let above: string | undefined = parent;
  for (let depth = 0; above !== undefined; depth += 1) {
    if (above === id) return 'must not be the company itself, nor one below it';
    if (depth >= maxCompanyDepth) return `must have fewer than ${maxCompanyDepth} companies above it`;
    above = parentOf.get(above);
  }
  return undefined;
}

/** The parent of each of these companies, and of all above them. */
async function readAncestors(tx: Transaction, ids: readonly string[]): Promise<Map<string, string>> {
  const statement = `with recursive above as (
      select id, parent_id from companies where id = any($1::uuid[])
      union
      select companies.id, companies.parent_id from companies join above on companies.id = above.parent_id
    )
    select id, parent_id from above where parent_id is not null`;
  const rows = await tx.query<{ id: string; parent_id: string }>(statement, [ids]);
  return new Map(rows.map((row) => [row.id, row.parent_id]));
}
