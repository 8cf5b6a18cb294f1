import { setTimeout as pause } from 'node:timers/promises';
import { isAppError } from '@orchestrall/sdk';
import type { Caller, Database, Log } from '@orchestrall/sdk';
import { etagOf, toStatement } from '@orchestrall/sdk/resources';
import { crmError } from '../errors.ts';
import { alterTables } from './alter.ts';
import { findShared, indexStatements } from './columns.ts';
import type { CustomField, CustomFieldInput } from './schemas.ts';
import type { CustomFields } from './service.ts';
import type { Definition } from './store.ts';

/**
 * Changes of custom fields from beginning to end: what is declared, its columns and indexes, and the new generation of
 * the plugin that serves it. What cannot be carried through is undone.
 */
export interface CustomFieldChanges {
  /** Throws as the service does, and `RECORDS_BUSY`, `PLUGIN_RELOAD_FAILED`. */
  create(input: CustomFieldInput, by: Caller): Promise<CustomField>;
  /** Throws likewise, and `CUSTOM_FIELD_NOT_UNIQUE`. */
  update(id: string, patch: Partial<CustomFieldInput>, by: Caller, ifMatch?: string): Promise<CustomField>;
  /** Throws likewise. The data are kept. */
  remove(id: string, by: Caller, ifMatch?: string): Promise<void>;
  /** Drops the data of a removed field for good. Throws likewise. */
  purge(id: string): Promise<void>;
}

/** What these changes stand on. */
export interface CustomFieldChangesOptions {
  readonly database: Database;
  readonly service: CustomFields;
  readonly reload: (reason: string) => Promise<void>;
  readonly log: Pick<Log, 'error'>;
}

/**
 * How long after its removal the columns of a field stay, milliseconds: by then every replica serves without it, so that
 * no statement names a column that is gone.
 */
const settlingMs = 5_000;

/** Creates them. */
export function createCustomFieldChanges({
  database,
  service,
  reload,
  log,
}: CustomFieldChangesOptions): CustomFieldChanges {
  /** Runs the last steps of a change; where they fail the change is undone and they are done for what was before. */
  const carryThrough = async (
    field: Definition,
    steps: () => Promise<void>,
    undo: () => Promise<void>,
  ): Promise<void> => {
    try {
      await steps();
    } catch (error) {
      await undo();
      // Replicas may have taken it up, and this one may fail to let go of it just as it did to take it up.
      await serve(`the change of the custom field ${field.name} was undone`).catch((failure: unknown) =>
        log.error(
          { error: failure, field: field.name },
          'an undone change of a custom field may still be served',
        ),
      );
      throw error;
    }
  };
  const serve = async (reason: string): Promise<void> => reload(reason);
  const bringIndexes = async (definition: Definition): Promise<void> => {
    for (const statement of indexStatements(definition)) {
      try {
        await alterTables(database, (tx) => tx.query(toStatement(statement)));
      } catch (error) {
        if (!isAppError(error) || error.code !== 'CONSTRAINT_VIOLATED') throw error;
        // Written while the index was made.
        const { id, name } = definition;
        throw crmError(
          'CUSTOM_FIELD_NOT_UNIQUE',
          { id, name, conflicts: await findShared(database, definition) },
          error,
        );
      }
    }
  };

  return {
    async create(input, by) {
      const created = await alterTables(database, (tx) => service.create(tx, input));
      await carryThrough(
        created,
        async () => {
          await bringIndexes(created);
          await serve(`the custom field ${created.name} of ${created.object} was declared`);
        },
        () => alterTables(database, (tx) => service.remove(tx, created.id, by)),
      );
      return created;
    },

    async update(id, patch, by, ifMatch) {
      const { before, after: planned } = await service.plan(id, patch, ifMatch);
      const wider = {
        ...planned,
        indexed: planned.indexed || before.indexed,
        unique: planned.unique || before.unique,
      };
      let updated: CustomField;
      try {
        await bringIndexes(wider);
        updated = await alterTables(database, (tx) => service.update(tx, id, patch, by, etagOf(before)));
      } catch (error) {
        await bringIndexes(await service.require(id));
        throw error;
      }
      await carryThrough(
        updated,
        () => serve(`the custom field ${updated.name} of ${updated.object} was changed`),
        async () => {
          await alterTables(database, (tx) => service.restore(tx, before));
          await bringIndexes(before);
        },
      );
      // What is not wanted any more goes last: nothing that serves stands on it.
      await bringIndexes(updated);
      return updated;
    },

    async remove(id, by, ifMatch) {
      const before = await service.require(id);
      await alterTables(database, (tx) => service.remove(tx, id, by, ifMatch));
      await carryThrough(
        before,
        () => serve(`the custom field ${before.name} of ${before.object} was removed`),
        () => alterTables(database, (tx) => service.restore(tx, before)),
      );
    },

    async purge(id) {
      const { removed_at } = await service.require(id);
      if (removed_at !== null) {
        const [since] = await database.query<{ ms: number }>(
          'select extract(epoch from clock_timestamp() - $1::timestamptz)::float8 * 1000 as ms',
          [removed_at],
        );
        await pause(Math.max(0, settlingMs - (since?.ms ?? 0)));
      }
      await alterTables(database, (tx) => service.purge(tx, id));
    },
  };
}
