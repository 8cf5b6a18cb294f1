import { OrgFault } from './org.ts';
import type { Cell, OrgRecord, StandInOrg } from './org.ts';
import { parseSoql } from './soql.ts';
import type { Row } from './soql.ts';

/** An answer to a query, each row with its cells by name. */
export interface Rows {
  readonly object: string;
  readonly fields: readonly string[];
  readonly rows: readonly Row[];
}

/** Runs a query on what is visible. */
export function runSoql(org: StandInOrg, soql: string, isBulk = false): Rows {
  const query = parseSoql(soql, (name) => org.object(name).fields.map((field) => field.name));
  const { fields } = org.object(query.object);
  const compound = query.fields.find(
    (name) => fields.find((field) => field.name === name)?.type === 'address',
  );
  if (isBulk && compound !== undefined) {
    throw new OrgFault('FUNCTIONALITY_NOT_ENABLED', `Selecting compound data not supported in Bulk Query`);
  }
  const rows = org
    .visible(query.object)
    .map((record) => rowOf(org, record))
    .filter((row) => query.matches(row))
    .toSorted((a, b) => query.compare(a, b))
    .slice(0, query.limit);
  return { object: query.object, fields: query.fields, rows };
}

function rowOf(org: StandInOrg, record: OrgRecord): Row {
  const row: Record<string, Cell> = {};
  for (const { name } of org.object(record.object).fields) row[name] = record.fields[name] ?? null;
  row['Id'] = record.id;
  row['IsDeleted'] = record.isDeleted;
  row['CreatedDate'] = record.createdMs;
  row['LastModifiedDate'] = record.modifiedMs;
  row['SystemModstamp'] = record.stampMs;
  return row;
}

/** A record as JSON tells it: instants with `+0000`, numbers as numbers. */
export function toJson(org: StandInOrg, { object, fields, rows }: Rows): object[] {
  const types = new Map(org.object(object).fields.map((field) => [field.name, field.type]));
  return rows.map((row) => ({
    attributes: { type: object, url: `/services/data/v62.0/sobjects/${object}/${String(row['Id'])}` },
    ...Object.fromEntries(
      fields.map((name) => {
        const value = row[name] ?? null;
        if (value !== null && types.get(name) === 'datetime')
          return [name, jsonInstant(Number(new Date(value as never)))];
        return [name, value];
      }),
    ),
  }));
}

/** An instant as JSON tells it. */
export function jsonInstant(atMs: number): string {
  return new Date(atMs).toISOString().replace('Z', '+0000');
}

/** Rows as CSV tells them, every cell quoted; instants end in `Z`. */
export function toCsv(org: StandInOrg, { object, fields, rows }: Rows): string {
  const types = new Map(org.object(object).fields.map((field) => [field.name, field.type]));
  const cell = (value: Cell, name: string): string => {
    if (value === null) return '""';
    const isInstant = types.get(name) === 'datetime';
    const text = isInstant ? new Date(value as never).toISOString() : String(value);
    return `"${text.replaceAll('"', '""')}"`;
  };
  const lines = rows.map((row) => fields.map((name) => cell(row[name] ?? null, name)).join(','));
  return `${[fields.map((name) => `"${name}"`).join(','), ...lines].join('\n')}\n`;
}
