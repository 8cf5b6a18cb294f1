import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';
import type { Database, Statement } from '../../database.ts';
import type { Sql } from './condition-sql.ts';

/** A transaction, or the database itself where one statement stands alone. */
export type Queryable = Pick<Database, 'query'>;

/** Compiles composed SQL and runs none. */
const compiler = new Kysely<unknown>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (database) => new PostgresIntrospector(database),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

/** The statement that a piece of SQL is, for a transaction's `query`. */
export function toStatement(query: Sql): Statement {
  return query.compile(compiler);
}
