import { validationFailed } from '@orchestrall/sdk';
import type { AppError, Transaction } from '@orchestrall/sdk';
import { cut, maxKeyLength, readFields } from '@orchestrall/sdk/resources';
import { dealCreated, dealDeleted, dealUpdated } from '../contract.ts';
import { crmError, holderOf } from '../errors.ts';
import { foldName } from '../fields/folded.ts';
import { holdStages } from '../pipelines/held-stages.ts';
import { holdProducts } from '../products/held-products.ts';
import type { HeldReferences, KindOptions, RecordKey, RecordKind, Written } from '../records/kind.ts';
import { inputSchema, recordSchema } from '../records/schemas.ts';
import { holdExisting } from '../records/store.ts';
import { dealFields } from './fields.ts';
import type { DealFields } from './fields.ts';
import { pipelineLookup, stageLookup } from './lookups.ts';
import { dealFilters } from './schemas.ts';
import { settleDeal } from './settle.ts';
import { recordStages } from './stage-history.ts';

/** Spelled as the other system does, where the ids of two records may differ in case alone. */
const externalId: RecordKey<DealFields> = {
  column: 'external_id',
  of: ({ external_id }) => external_id,
  fold: (text) => cut(text.normalize('NFC'), maxKeyLength),
  taken: (external_id, id) => crmError('EXTERNAL_ID_TAKEN', { external_id, ...holderOf('deal', id) }),
};

/** Several deals may have one name: an import by it is refused for those that more than one has. */
const dealName: RecordKey<DealFields> = {
  column: 'name_key',
  of: ({ name }) => name,
  fold: foldName,
};

/** What the kind of deals is made with. */
export interface DealKindOptions extends KindOptions {
  /** Of deals that name none; ISO 4217. */
  readonly currency: string;
}

/** A deal among the records: what `records/` needs to know to find, write and tell it. */
export function createDealKind({ access, custom = {}, currency }: DealKindOptions): RecordKind<DealFields> {
  const all: typeof dealFields = { ...dealFields, ...custom };
  const kind: RecordKind<DealFields> = {
    name: 'deal',
    table: 'deals',
    path: '/api/v1/crm/deals',
    fields: all,
    record: recordSchema('Deal', all),
    input: inputSchema('DealInput', all),
    filters: dealFilters,
    keys: { external_id: externalId, name: dealName },
    references: { company_id: 'company' },
    lookups: { pipeline_id: pipelineLookup, stage_id: stageLookup },
    events: { created: dealCreated, updated: dealUpdated, deleted: dealDeleted },

    read(given) {
      const read = readFields(all, given);
      if (read.fields.amount?.startsWith('-') !== true) return read;
      return { ...read, faults: [...read.faults, { path: '/amount', message: 'must not be negative' }] };
    },

    holdReferences: (tx, given) => holdSurroundings(tx, given, currency),
    recorded: (tx, written, by) => recordStages(kind, tx, written, by),
    audienceOf: (record) => access.audienceOf('deal', record),
    notFound: (id) => crmError('DEAL_NOT_FOUND', { id }),
  };
  return kind;
}

/** Holds pipelines, companies and products, and settles each deal among them. */
async function holdSurroundings(
  tx: Transaction,
  given: readonly Written<DealFields>[],
  currency: string,
): Promise<HeldReferences<DealFields>> {
  const drafts = given.map(({ fields }) => fields);
  const stages = await holdStages(tx, {
    pipelines: [...new Set(drafts.flatMap(({ pipeline_id }) => pipeline_id ?? []))],
    stages: [...new Set(drafts.flatMap(({ stage_id }) => stage_id ?? []))],
    withDefault: drafts.some(({ pipeline_id, stage_id }) => (pipeline_id ?? stage_id) === null),
  });
  const companies = await holdExisting(
    'companies',
    tx,
    new Set(drafts.flatMap(({ company_id }) => company_id ?? [])),
  );
  const products = await holdProducts(
    tx,
    drafts.flatMap(({ lines }) => lines.flatMap(({ product_id }) => product_id ?? [])),
  );
  const settled = new Map<DealFields, DealFields>();
  const refusals = new Map<DealFields, AppError>();
  for (const { fields, before } of given) {
    const faults = [];
    const { company_id: company, lines } = fields;
    if (company !== null && !companies.has(company)) {
      faults.push({
        path: '/company_id',
        message: `must be the id of a company; no company has the id ${company}`,
      });
    }
    for (const [index, { product_id: product }] of lines.entries()) {
      if (product === null || before?.product_ids.includes(product) === true) continue;
      const fault = products.faultOf(product);
      if (fault !== undefined) faults.push({ path: `/lines/${index}/product_id`, message: fault });
    }
    const result =
      faults.length > 0 ? faults : settleDeal(fields, before, { stages, products: products.byId, currency });
    if (Array.isArray(result)) refusals.set(fields, validationFailed(result));
    else settled.set(fields, result);
  }
  return { faultOf: (fields) => refusals.get(fields), settled: (fields) => settled.get(fields) ?? fields };
}
