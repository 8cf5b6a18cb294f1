import type { ChangePage, ChangePosition, LoadPage, RecordSource, RemoteRecord } from '../provider.ts';
import { loadObject } from './load.ts';
import { deletedSince } from './client/deleted.ts';
import type { Effects } from './client/exchange.ts';
import { bookkeepingFields, queryAll, recordOf } from './client/query.ts';
import type { QueryRow } from './client/query.ts';
import { selectFrom, soqlInstant, soqlText } from './client/soql.ts';
import type { Transport } from './client/transport.ts';
import { createRecords, updateRecords } from './client/writes.ts';
import type { SalesforceConfig } from './config.ts';
import { salesforceError } from './errors.ts';
import Type from 'typebox';

/** Records of one page of changes. */
const changesAtATime = 2_000;
/** Ids of one query: its address has to stay below 16 KB with the names of all fields. */
const idsAtATime = 200;

const ApiLimits = Type.Record(Type.String(), Type.Object({}));

/** Salesforce as a source of records. */
export function createSalesforceSource(
  transport: Transport,
  config: Pick<SalesforceConfig, 'api_version'>,
  effects: Pick<Effects, 'wait' | 'signal'>,
): RecordSource {
  const now = async (): Promise<string> => {
    await transport.json({ method: 'GET', path: '/limits' }, ApiLimits);
    if (transport.serverTime !== undefined) return transport.serverTime.toISOString();
    const found = 'no Date header';
    throw salesforceError('SALESFORCE_ANSWER_UNREADABLE', { request: 'GET /limits', found, expected: 'one' });
  };
  return {
    now,
    load: (object, fields, place): AsyncIterable<LoadPage> =>
      loadObject({ transport, effects, object, fields: columnsOf(fields) }, place),
    changes: async (object, fields, from) => changesFrom(transport, object, fields, from),
    deletions: async (object, since) => deletedSince(transport, object, since, await now()),
    async read(object, fields, ids) {
      const records: RemoteRecord[] = [];
      for (let start = 0; start < ids.length; start += idsAtATime) {
        const list = ids
          .slice(start, start + idsAtATime)
          .map(soqlText)
          .join(', ');
        const soql = `${selectFrom(object, columnsOf(fields))} WHERE Id IN (${list})`;
        records.push(...recordsOf(object, await queryAll(transport, soql)));
      }
      return records;
    },
    update: async (object, updates) => updateRecords(transport, config.api_version, object, updates),
    create: async (object, keyField, creations) => createRecords(transport, object, keyField, creations),
  };
}

/**
 * Changed records by stamp and id. Stamps tie, within a second and in every mass change, so that a page goes on behind
 * the last id of its last stamp.
 */
async function changesFrom(
  transport: Transport,
  object: string,
  fields: readonly string[],
  { stamp, id }: ChangePosition,
): Promise<ChangePage> {
  const at = soqlInstant(stamp);
  const where =
    id === undefined
      ? `SystemModstamp >= ${at}`
      : `(SystemModstamp = ${at} AND Id > ${soqlText(id)}) OR SystemModstamp > ${at}`;
  const order = `ORDER BY SystemModstamp, Id LIMIT ${changesAtATime}`;
  const rows = await queryAll(transport, `${selectFrom(object, columnsOf(fields))} WHERE ${where} ${order}`);
  return { records: recordsOf(object, rows), done: rows.length < changesAtATime };
}

function columnsOf(fields: readonly string[]): string[] {
  return [...new Set([...bookkeepingFields, ...fields])];
}

/** Rows as records; one without id or stamp means that something else was answered. */
export function recordsOf(object: string, rows: readonly QueryRow[]): RemoteRecord[] {
  return rows.map((row) => {
    const record = recordOf(row);
    if (record !== undefined) return record;
    const details = {
      request: `a query of ${object}`,
      found: 'a row without Id and SystemModstamp',
      expected: 'both',
    };
    throw salesforceError('SALESFORCE_ANSWER_UNREADABLE', details);
  });
}
