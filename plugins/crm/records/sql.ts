import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';
import type { Database } from '@orchestrall/sdk';

/** A transaction, or the database itself where one statement stands alone. */
export type Queryable = Pick<Database, 'query'>;

/** Compiles composed SQL and runs none: gives what a transaction's `query` takes. */
export const compiler = new Kysely<unknown>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (database) => new PostgresIntrospector(database),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});
