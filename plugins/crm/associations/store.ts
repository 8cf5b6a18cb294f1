import type { Transaction } from '@orchestrall/sdk';
import { idOrder, joined, readPage } from '@orchestrall/sdk/resources';
import type { ListRequest, Page, Queryable, Sql } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { SubjectType, TableName } from '../records/kind.ts';
import type { Associated, Pair } from './pair.ts';

/** A record associated with the one whose list it stands in. */
export interface AssociatedRow extends Associated {
  readonly role: string | null;
  readonly is_primary: boolean;
  readonly created_at: Date | null;
}

/** Which of the associated records are listed: those of one kind, of which a condition holds. */
export interface ListedKind {
  readonly kind: SubjectType;
  readonly table: TableName;
  readonly visible: Sql | undefined;
}

/** A page of the records associated with one, by id: its associations, and contacts with their `company_id`. */
export function listAssociated(
  database: Queryable,
  { kind, id }: Associated,
  listed: readonly ListedKind[],
  request: Pick<ListRequest, 'cursor' | 'limit'> & { readonly list: string },
): Promise<Page<AssociatedRow>> {
  const own = ownCompanySql(kind, id);
  const source = {
    table: 'linked',
    selection: sql`linked.kind, linked.id, linked.role, linked.is_primary, linked.created_at`,
    from: sql`(
        select second_kind as kind, second_id as id, role, ${isOwnSql(kind, 'second_id', id)} as is_primary, created_at
        from associations where first_id = ${id}
        union all
        select first_kind, first_id, role, ${isOwnSql(kind, 'first_id', id)}, created_at
        from associations where second_id = ${id}
        ${own}
      ) as linked`,
    conditions: [joined(listed.map(isListedSql), 'any')],
  };
  return readPage<AssociatedRow>(database, source, { keys: idOrder(), ...request });
}

function isListedSql({ kind, table, visible }: ListedKind): Sql {
  const known = sql`linked.kind = ${kind}`;
  if (visible === undefined) return known;
  return sql`(${known} and exists (
    select 1 from ${sql.table(table)} where ${sql.ref(`${table}.id`)} = linked.id and ${visible}))`;
}

/** Whether the pair is a contact and its `company_id`. */
function isOwnSql(kind: SubjectType, other: string, id: string): Sql {
  if (kind === 'contact')
    return sql`exists (select 1 from contacts where id = ${id} and company_id = ${sql.ref(other)})`;
  if (kind !== 'company') return sql`false`;
  return sql`exists (select 1 from contacts where id = ${sql.ref(other)} and company_id = ${id})`;
}

/** Contacts with their `company_id` where there is no association of the two as well. */
function ownCompanySql(kind: SubjectType, id: string): Sql {
  if (kind !== 'contact' && kind !== 'company') return sql``;
  const [listed, other, condition] =
    kind === 'contact'
      ? [
          sql`'company'`,
          sql`contacts.company_id`,
          sql`contacts.id = ${id} and contacts.company_id is not null`,
        ]
      : [sql`'contact'`, sql`contacts.id`, sql`contacts.company_id = ${id}`];
  return sql`union all
        select ${listed}, ${other}, null, true, null from contacts
        where ${condition} and not exists (select 1 from associations
          where first_id = contacts.id and second_id = contacts.company_id)`;
}

/** The role in an association that is there, locked; undefined when there is none. */
export async function findAssociation(
  tx: Transaction,
  { first, second }: Pair,
): Promise<{ readonly role: string | null } | undefined> {
  const statement = 'select role from associations where first_id = $1 and second_id = $2 for update';
  const [row] = await tx.query<{ role: string | null }>(statement, [first.id, second.id]);
  return row;
}

/** Makes an association, or gives an existing one its role. */
export async function putAssociation(
  tx: Transaction,
  { first, second }: Pair,
  role: string | null,
): Promise<void> {
  const statement = `insert into associations (first_kind, first_id, second_kind, second_id, role)
    values ($1, $2, $3, $4, $5)
    on conflict (first_id, second_id) do update set role = excluded.role`;
  await tx.query(statement, [first.kind, first.id, second.kind, second.id, role]);
}

/** Ends an association. */
export async function deleteAssociation(tx: Transaction, { first, second }: Pair): Promise<void> {
  await tx.query('delete from associations where first_id = $1 and second_id = $2', [first.id, second.id]);
}

/** Ends all associations of a record and gives what they were. */
export async function deleteAssociationsOf(
  tx: Transaction,
  id: string,
): Promise<(Pair & { readonly role: string | null })[]> {
  const rows: AssociationRow[] = [];
  // One direction after the other, so that each follows its index.
  for (const side of ['first_id', 'second_id']) {
    const statement = `delete from associations where ${side} = $1
      returning first_kind, first_id, second_kind, second_id, role`;
    rows.push(...(await tx.query<AssociationRow>(statement, [id])));
  }
  return rows.map(({ first_kind, first_id, second_kind, second_id, role }) => ({
    first: { kind: first_kind, id: first_id },
    second: { kind: second_kind, id: second_id },
    role,
  }));
}

interface AssociationRow {
  readonly first_kind: SubjectType;
  readonly first_id: string;
  readonly second_kind: SubjectType;
  readonly second_id: string;
  readonly role: string | null;
}
