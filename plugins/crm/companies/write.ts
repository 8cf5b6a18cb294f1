import { createId } from '@orchestrall/sdk';
import type { AppError, Transaction } from '@orchestrall/sdk';
import { companyCreated, companyDeleted, companyUpdated } from '../contract.ts';
import { crmError } from '../errors.ts';
import { changesBetween, recordCreations, recordUpdates } from '../timeline/history.ts';
import type { Actor } from '../contract.ts';
import type { Announcements } from '../timeline/history.ts';
import { companyFieldsOf } from './fields.ts';
import { findCompanyByDomain, insertCompanies, lockCompaniesByDomain, updateCompanies } from './store.ts';
import type { CompanyFields } from './fields.ts';
import type { Company } from './schemas.ts';

/** How companies tell others what happened to them. */
export const companyAnnouncements: Announcements<Company> = {
  subjectType: 'company',
  created: (tx, company) => void tx.emit(companyCreated, { company }, { subject: company.id }),
  updated: (tx, company, changed) =>
    void tx.emit(companyUpdated, { company, changed }, { subject: company.id }),
  deleted: (tx, company) => void tx.emit(companyDeleted, { company }, { subject: company.id }),
};

/** A locked company and what its fields shall be. */
export interface CompanyEdit {
  readonly before: Company;
  readonly fields: CompanyFields;
}

/**
 * Creates companies with their events, audit entries and timelines. In place of a company whose domain another
 * one holds stands the error `DOMAIN_TAKEN`.
 */
export async function createCompanies(
  tx: Transaction,
  given: readonly CompanyFields[],
  actor: Actor,
): Promise<(Company | AppError)[]> {
  const planned = given.map((fields) => ({ ...fields, id: createId() }));
  const inserted = planned.length === 0 ? [] : await insertCompanies(tx, planned);
  await recordCreations(tx, companyAnnouncements, inserted, actor);
  const byId = new Map(inserted.map((company) => [company.id, company]));
  const results: (Company | AppError)[] = [];
  for (const { id, domain } of planned) results.push(byId.get(id) ?? (await domainTaken(tx, domain ?? '')));
  return results;
}

/**
 * Gives locked companies new fields, with events, audit entries and timelines. One that would not change stays as
 * it is and is told to nobody. In place of one whose new domain another holds stands the error `DOMAIN_TAKEN`.
 */
export async function editCompanies(
  tx: Transaction,
  edits: readonly CompanyEdit[],
  actor: Actor,
): Promise<(Company | AppError)[]> {
  const holders = await domainHolders(tx, edits);
  const planned = edits.map((edit) => ({ ...edit, refusal: claimDomain(edit, holders) }));
  const changing = planned.filter(
    ({ before, fields, refusal }) => refusal === undefined && differs(before, fields),
  );
  const written = changing.map(({ before, fields }) => ({ ...fields, id: before.id }));
  const updated = written.length === 0 ? [] : await updateCompanies(tx, written);
  const after = new Map(updated.map((company) => [company.id, company]));
  const updates = changing.flatMap(({ before }) => {
    const company = after.get(before.id);
    return company === undefined ? [] : [{ before, after: company }];
  });
  await recordUpdates(tx, companyAnnouncements, updates, actor);
  return planned.map(({ before, refusal }) => refusal ?? after.get(before.id) ?? before);
}

function differs(before: Company, fields: CompanyFields): boolean {
  return Object.keys(changesBetween(companyFieldsOf(before), fields)).length > 0;
}

/** Who holds the domains that are about to be taken. */
async function domainHolders(tx: Transaction, edits: readonly CompanyEdit[]): Promise<Map<string, string>> {
  const wanted = edits.flatMap(({ before, fields }) =>
    fields.domain === null || fields.domain === before.domain ? [] : [fields.domain],
  );
  const holders = wanted.length === 0 ? [] : await lockCompaniesByDomain(tx, wanted);
  return new Map(holders.map((company) => [company.domain ?? '', company.id]));
}

/** Refuses a domain that is held; one that is free is held from here on, also against the same batch. */
function claimDomain({ before, fields }: CompanyEdit, holders: Map<string, string>): AppError | undefined {
  const { domain } = fields;
  if (domain === null) return undefined;
  const holder = holders.get(domain) ?? before.id;
  if (holder !== before.id) return crmError('DOMAIN_TAKEN', { domain, id: holder });
  holders.set(domain, holder);
  return undefined;
}

async function domainTaken(tx: Transaction, domain: string): Promise<AppError> {
  const holder = await findCompanyByDomain(tx, domain);
  return crmError('DOMAIN_TAKEN', { domain, id: holder?.id ?? 'another company' });
}
