import type { Caller, Database, Fault, Transaction } from '@orchestrall/sdk';
import { readFields } from '@orchestrall/sdk/resources';
import { viewCreated, viewDeleted, viewUpdated } from '../contract.ts';
import { crmError } from '../errors.ts';
import type { Access } from '../records/access.ts';
import type { RecordKind } from '../records/kind.ts';
import { queryFaults } from '../sharing/query-faults.ts';
import { mayChange } from '../sharing/rights.ts';
import { createSharedService } from '../sharing/service.ts';
import type { SharedService } from '../sharing/service.ts';
import { viewFields } from './fields.ts';
import type { ViewFields } from './fields.ts';

/** Ways of looking at a kind of records, kept and shared. */
export interface Views extends SharedService<ViewFields> {
  /** Makes a view the one that the caller begins with, in place of another of its kind. Throws `VIEW_NOT_FOUND`. */
  setDefault(tx: Transaction, id: string, by: Caller): Promise<void>;
  /** Makes it an ordinary one for the caller. Throws `VIEW_NOT_FOUND`. */
  unsetDefault(tx: Transaction, id: string, by: Caller): Promise<void>;
}

/** Creates the saved views of these kinds of records. */
export function createViews(
  kinds: readonly RecordKind[],
  { database, access }: { readonly database: Database; readonly access: Access },
): Views {
  const faultsOf = (fields: ViewFields, by: Caller): Fault[] => {
    const kind = kinds.find(({ name }) => name === fields.kind);
    if (kind !== undefined) return queryFaults(kind, fields, by, access);
    const known = kinds.map(({ name }) => name).join(', ');
    return [{ path: '/kind', message: `must be one of ${known}` }];
  };
  const service = createSharedService<ViewFields>(
    {
      name: 'view',
      table: 'views',
      fields: viewFields,
      told: ['default', 'valid', 'faults'],
      events: { created: viewCreated, updated: viewUpdated, deleted: viewDeleted },
      faults: faultsOf,
      async show(views, by) {
        const defaults = await defaultsOf(database, by);
        return views.map((view) => {
          const faults = faultsOf(view, by);
          // They may name what only others see.
          const seen =
            faults.length === 0 || mayChange(view, by) ? {} : { filter: null, sort: null, fields: [] };
          return { ...view, ...seen, default: defaults.has(view.id), valid: faults.length === 0, faults };
        });
      },
      notFound: (id) => crmError('VIEW_NOT_FOUND', { id }),
    },
    (given) => readFields(viewFields, given),
    database,
  );

  return {
    ...service,

    async setDefault(tx, id, by) {
      const view = await service.require(id, by);
      await tx.query(
        `insert into view_defaults (user_id, kind, view_id) values ($1, $2, $3)
         on conflict (user_id, kind) do update set view_id = excluded.view_id`,
        [by.id, view.kind, view.id],
      );
      audit(tx, 'view.default_set', view.id);
    },

    async unsetDefault(tx, id, by) {
      const view = await service.require(id, by);
      await tx.query('delete from view_defaults where user_id = $1 and view_id = $2', [by.id, view.id]);
      audit(tx, 'view.default_unset', view.id);
    },
  };
}

function audit(tx: Transaction, action: string, id: string): void {
  tx.audit({ action, subjectType: 'view', subjectId: id });
}

async function defaultsOf(database: Database, by: Caller): Promise<Set<string>> {
  const statement = 'select view_id from view_defaults where user_id = $1';
  const rows = await database.query<{ view_id: string }>(statement, [by.id]);
  return new Set(rows.map(({ view_id }) => view_id));
}
