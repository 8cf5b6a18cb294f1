import { isAppError } from '@orchestrall/sdk';
import type { Caller, Fault } from '@orchestrall/sdk';
import { columnsOf, readListRequest } from '@orchestrall/sdk/resources';
import type { JsonObject, ListRequest } from '@orchestrall/sdk/resources';
import type { Access } from '../records/access.ts';
import type { RecordKind } from '../records/kind.ts';

/** What is kept of a list of records: parts of what a request for it says. */
export interface KeptQuery {
  readonly filter?: JsonObject | null;
  readonly sort?: string | null;
  readonly fields?: readonly string[];
}

/** What a caller could not ask of a kind's list: fields that are gone, are of another type now, or are hidden from it. */
export function queryFaults(
  kind: RecordKind,
  { filter, sort, fields = [] }: KeptQuery,
  by: Caller,
  access: Access,
): Fault[] {
  const { hidden } = access.viewOf(by, kind.name);
  const known = Object.keys(kind.fields).filter((name) => !hidden.has(name));
  const nameable = { columns: columnsOf(kind.fields, hidden), fields: known };
  const parts: ListRequest[] = [
    { filter: filter ?? undefined },
    { sort: sort ?? undefined },
    { fields: fields.length === 0 ? undefined : fields.join(',') },
  ];
  return parts.flatMap((part): readonly Fault[] => {
    try {
      readListRequest(part, nameable, '');
      return [];
    } catch (error) {
      if (!isAppError(error) || error.code !== 'VALIDATION_FAILED') throw error;
      return error.details.faults ?? [];
    }
  });
}
