import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';
import type { Database } from '@orchestrall/sdk';

/** A transaction, or the database itself where one statement stands alone. */
export type Queryable = Pick<Database, 'query'>;

interface RecordTable {
  readonly id: string;
  readonly tags: string[];
  readonly search: string;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly version: number;
}

/** The columns that composed queries name. */
export interface Tables {
  contacts: RecordTable & {
    readonly first_name: string | null;
    readonly last_name: string | null;
    readonly email: string | null;
    readonly phone: string | null;
    readonly company_id: string | null;
  };
  companies: RecordTable & {
    readonly name: string;
    readonly domain: string | null;
    readonly phone: string | null;
    readonly website: string | null;
  };
}

/** Composes SQL and runs none: `compile()` gives what a transaction's `query` takes. */
export const compose = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (database) => new PostgresIntrospector(database),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});
