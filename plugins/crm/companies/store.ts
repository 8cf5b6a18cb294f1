import { sql } from 'kysely';
import type { Statement, Transaction } from '@orchestrall/sdk';
import { compose } from '../records/sql.ts';
import { cut, foldAccents, maxKeyLength } from '../fields/text.ts';
import { isId } from '../fields/reader.ts';
import { keepTag } from '../fields/tag.ts';
import { phoneDigits, searchQuery, searchWords } from '../fields/search-words.ts';
import type { Queryable } from '../records/sql.ts';
import type { Company, CompanyFilter } from './schemas.ts';
import type { CompanyFields } from './fields.ts';

const columns = [
  'id',
  'name',
  'domain',
  'phone',
  'website',
  'tags',
  'created_at',
  'updated_at',
  'version',
] as const;
/** The columns of a company, for a select list. */
export const selectedCompany = columns.map((column) => `companies.${column}`).join(', ');

/** What `json_to_recordset` reads a written company as. */
const written = `written (id uuid, name text, name_key text, domain text, phone text, website text,
  tags text[], words text[])`;

/** A row of the table; instants are Dates. */
export type CompanyRow = Omit<Company, 'created_at' | 'updated_at'> & { created_at: Date; updated_at: Date };

/** The company, or undefined. */
export async function findCompany(database: Queryable, id: string): Promise<Company | undefined> {
  if (!isId(id)) return undefined;
  const rows = await database.query<CompanyRow>(`select ${selectedCompany} from companies where id = $1`, [
    id,
  ]);
  return rows.map(toCompany)[0];
}

/** The company with this domain, or undefined. */
export async function findCompanyByDomain(database: Queryable, domain: string): Promise<Company | undefined> {
  const statement = `select ${selectedCompany} from companies where domain = $1`;
  const rows = await database.query<CompanyRow>(statement, [domain]);
  return rows.map(toCompany)[0];
}

/** Companies after an id, in the order of their ids, which is that of their creation. */
export async function listCompanies(
  database: Queryable,
  filter: CompanyFilter,
  after: string | undefined,
  limit: number,
): Promise<Company[]> {
  let query = selectCompanies(filter).limit(limit);
  if (after !== undefined) query = query.where('id', '>', after);
  const rows = await database.query<CompanyRow>(query.compile());
  return rows.map(toCompany);
}

/** The statement that reads all companies of a filter, for streaming; rows go through `toCompany`. */
export function companiesOf(filter: CompanyFilter): Statement {
  return selectCompanies(filter).compile();
}

function selectCompanies(filter: CompanyFilter) {
  let query = compose.selectFrom('companies').select(columns).orderBy('id');
  if (filter.tag !== undefined) {
    const tag = keepTag(filter.tag).text;
    query = query.where(
      tag === undefined ? sql<boolean>`false` : sql<boolean>`tags @> array[${tag}]::text[]`,
    );
  }
  if (filter.q !== undefined) {
    const words = searchQuery(filter.q);
    query = query.where(
      words === undefined ? sql<boolean>`false` : sql<boolean>`search @@ ${words}::tsquery`,
    );
  }
  return query;
}

/** Which of these ids are companies; they stay until the transaction ends. */
export async function keepCompanies(tx: Transaction, ids: readonly string[]): Promise<Set<string>> {
  const statement = 'select id from companies where id = any($1::uuid[]) order by id for key share';
  const rows = await tx.query<{ id: string }>(statement, [ids]);
  return new Set(rows.map((row) => row.id));
}

/** Locks companies for a change; those that are gone are absent. */
export async function lockCompanies(tx: Transaction, ids: readonly string[]): Promise<Company[]> {
  const statement = `select ${selectedCompany} from companies where id = any($1::uuid[]) order by id for update`;
  const rows = await tx.query<CompanyRow>(statement, [ids]);
  return rows.map(toCompany);
}

/** Locks the companies with these domains for a change. */
export async function lockCompaniesByDomain(tx: Transaction, domains: readonly string[]): Promise<Company[]> {
  const statement = `select ${selectedCompany} from companies where domain = any($1::text[]) order by id for update`;
  const rows = await tx.query<CompanyRow>(statement, [domains]);
  return rows.map(toCompany);
}

/** Locks the companies with these names, without regard to case and accents, for a change. */
export async function lockCompaniesByName(tx: Transaction, names: readonly string[]): Promise<Company[]> {
  const statement = `select ${selectedCompany} from companies where name_key = any($1::text[]) order by id for update`;
  const rows = await tx.query<CompanyRow>(statement, [names.map(nameKey)]);
  return rows.map(toCompany);
}

/** Locks up to `limit` companies that carry a tag. */
export async function lockCompaniesByTag(tx: Transaction, tag: string, limit: number): Promise<Company[]> {
  const statement = `select ${selectedCompany} from companies where tags @> array[$1]::text[] order by id limit $2 for update`;
  const rows = await tx.query<CompanyRow>(statement, [tag, limit]);
  return rows.map(toCompany);
}

/** Inserts companies; those whose domain another company holds are absent from the answer. */
export async function insertCompanies(
  tx: Transaction,
  companies: readonly (CompanyFields & { readonly id: string })[],
): Promise<Company[]> {
  // Sorted, so that two writers of the same domains wait for each other instead of deadlocking.
  const statement = `insert into companies (id, name, name_key, domain, phone, website, tags, search)
    select id, name, name_key, domain, phone, website, tags, array_to_tsvector(words)
    from json_to_recordset($1::json) as ${written}
    order by domain
    on conflict (domain) do nothing
    returning ${selectedCompany}`;
  const rows = await tx.query<CompanyRow>(statement, [JSON.stringify(companies.map(toWritten))]);
  return rows.map(toCompany);
}

/** Writes the fields of companies that are locked; each version grows by one. */
export async function updateCompanies(
  tx: Transaction,
  companies: readonly (CompanyFields & { readonly id: string })[],
): Promise<Company[]> {
  const statement = `update companies set
      name = written.name, name_key = written.name_key, domain = written.domain, phone = written.phone,
      website = written.website, tags = written.tags, search = array_to_tsvector(written.words),
      updated_at = clock_timestamp(), version = companies.version + 1
    from json_to_recordset($1::json) as ${written}
    where companies.id = written.id
    returning ${selectedCompany}`;
  const rows = await tx.query<CompanyRow>(statement, [JSON.stringify(companies.map(toWritten))]);
  return rows.map(toCompany);
}

/** Deletes a company; its associations go with it. */
export async function deleteCompany(tx: Transaction, id: string): Promise<void> {
  await tx.query('delete from companies where id = $1', [id]);
}

/** The form by which two spellings of a name are the same. */
export function nameKey(name: string): string {
  return cut(foldAccents(name).replaceAll(/\s+/gu, ' '), maxKeyLength);
}

/** A row as a company. */
export function toCompany(row: CompanyRow): Company {
  return { ...row, created_at: row.created_at.toISOString(), updated_at: row.updated_at.toISOString() };
}

function toWritten(company: CompanyFields & { readonly id: string }): object {
  const { name, domain, phone } = company;
  return { ...company, name_key: nameKey(name), words: searchWords(name, domain, phoneDigits(phone)) };
}
