import { validationFailed } from '@orchestrall/sdk';
import type { Caller, Database, Fault, Transaction } from '@orchestrall/sdk';
import { columnsOf, conditionSql, readFields, readFilter } from '@orchestrall/sdk/resources';
import type { Kept } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import { listCreated, listDeleted, listMembersChanged, listUpdated } from '../contract.ts';
import { crmError } from '../errors.ts';
import type { Access } from '../records/access.ts';
import type { KindName, RecordKind } from '../records/kind.ts';
import type { ListConditions } from '../records/list-conditions.ts';
import { maxRecordsPerRequest } from '../records/request-bound.ts';
import { queryFaults } from '../sharing/query-faults.ts';
import { audienceOf, mayChange } from '../sharing/rights.ts';
import { createSharedService } from '../sharing/service.ts';
import type { SharedService } from '../sharing/service.ts';
import { listFields } from './fields.ts';
import type { ListFields } from './fields.ts';
import { addMembers, holdSeen, memberOf, removeMembers } from './members.ts';
import type { MemberChange, MembersChanged } from './schemas.ts';

/** Lists of records: members named one by one, or all of which a filter holds. */
export interface Lists extends SharedService<ListFields>, ListConditions {
  /**
   * Adds and takes away members of a static list. Throws `LIST_NOT_FOUND`, `NOT_YOURS`, `LIST_IS_DYNAMIC`,
   * `VALIDATION_FAILED`, `TOO_MANY_RECORDS`.
   */
  changeMembers(tx: Transaction, id: string, change: MemberChange, by: Caller): Promise<MembersChanged>;
}

/** Creates the lists of these kinds of records. */
export function createLists(
  kinds: readonly RecordKind[],
  { database, access }: { readonly database: Database; readonly access: Access },
): Lists {
  const kindNamed = (name: string) => kinds.find((kind) => kind.name === name);
  const requireKind = (name: string): RecordKind => {
    const kind = kindNamed(name);
    if (kind === undefined) throw new TypeError(`there is no kind of record called ${name}`);
    return kind;
  };
  const filterFaults = ({ kind, type, filter }: ListFields, by: Caller): readonly Fault[] =>
    type === 'static' ? [] : queryFaults(requireKind(kind), { filter }, by, access);

  const service = createSharedService<ListFields>(
    {
      name: 'list',
      table: 'lists',
      fields: listFields,
      told: ['valid', 'faults'],
      events: { created: listCreated, updated: listUpdated, deleted: listDeleted },
      faults(fields, by, before) {
        if (kindNamed(fields.kind) === undefined) {
          const known = kinds.map(({ name }) => name).join(', ');
          return [{ path: '/kind', message: `must be one of ${known}` }];
        }
        if (before !== undefined && before.type !== fields.type) {
          return [{ path: '/type', message: `must stay ${before.type}; make a new list` }];
        }
        if ((fields.filter === null) === (fields.type === 'static')) return filterFaults(fields, by);
        const message =
          fields.type === 'static'
            ? 'must be left out of a static list, whose members are named one by one'
            : 'must be given for a dynamic list';
        return [{ path: '/filter', message }];
      },
      show: async (lists, by) =>
        lists.map((list) => {
          const faults = filterFaults(list, by);
          // It may name what only others see.
          const filter = faults.length === 0 || mayChange(list, by) ? list.filter : null;
          return { ...list, filter, valid: faults.length === 0, faults };
        }),
      notFound: (id) => crmError('LIST_NOT_FOUND', { id }),
    },
    (given) => readFields(listFields, given),
    database,
  );
  const requireNamed = async (id: string, by: Caller): Promise<Kept<ListFields>> => {
    try {
      return await service.require(id, by);
    } catch (error) {
      throw asFault(`names no list that you see: ${id}`, error);
    }
  };

  return {
    ...service,

    async kindOf(id, by): Promise<KindName> {
      return requireKind((await requireNamed(id, by)).kind).name;
    },

    async conditionOf(id, kind, by) {
      const list = await requireNamed(id, by);
      if (list.kind !== kind.name) return sql`false`;
      if (list.type === 'static') return memberOf(list.id, kind.table);
      const columns = columnsOf(kind.fields, access.viewOf(by, kind.name).hidden);
      try {
        const condition = readFilter(list.filter ?? {}, columns, '/filter');
        return condition === undefined ? sql`true` : conditionSql(condition, kind.table);
      } catch (error) {
        throw asFault(
          `names a list whose filter no longer fits; GET /api/v1/crm/lists/${id} says why`,
          error,
        );
      }
    },

    async changeMembers(tx, id, { add = [], remove = [], add_filter: filter }, by) {
      const list = await service.lock(tx, id, by);
      if (list.type === 'dynamic') throw crmError('LIST_IS_DYNAMIC', { id });
      const kind = requireKind(list.kind);
      const view = access.viewOf(by, kind.name);
      const named = await holdSeen(tx, kind.table, view, sql`id = any(${add}::uuid[])`);
      const condition = readFilter(filter, columnsOf(kind.fields, view.hidden), '/add_filter');
      const filtered =
        condition === undefined
          ? []
          : await holdSeen(
              tx,
              kind.table,
              view,
              conditionSql(condition, kind.table),
              maxRecordsPerRequest + 1,
            );
      if (filtered.length > maxRecordsPerRequest) {
        throw crmError('TOO_MANY_RECORDS', {
          records: `more than ${maxRecordsPerRequest}`,
          limit: maxRecordsPerRequest,
        });
      }
      const known = new Set(named);
      const counts = {
        added: await addMembers(tx, list.id, [...named, ...filtered]),
        removed: await removeMembers(tx, list.id, kind.table, view, remove),
      };
      if (counts.added + counts.removed > 0) announce(tx, list, counts);
      return { ...counts, unknown: add.filter((one) => !known.has(one.toLowerCase())) };
    },
  };
}

function announce(
  tx: Transaction,
  list: Kept<ListFields>,
  counts: { readonly added: number; readonly removed: number },
): void {
  const visibleTo = audienceOf(list);
  const data = { list_id: list.id, kind: list.kind, ...counts };
  const about = { subject: list.id, ...(visibleTo === undefined ? {} : { visibleTo }) };
  tx.emit(listMembersChanged, data, about);
  tx.audit({ action: listMembersChanged.type, subjectType: 'list', subjectId: list.id, after: data });
}

/** A list that a request names beside what it is about is one of its fields. */
function asFault(message: string, error: unknown) {
  return validationFailed([{ path: '/querystring/list', message }], error);
}
