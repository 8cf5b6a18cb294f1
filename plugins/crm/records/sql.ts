import type { Database } from '@orchestrall/sdk';
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';

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

/** Text that PostgreSQL can take: NUL, which it cannot, is replaced by its picture (U+2400). */
export function withoutNul(text: string): string {
  return text.replaceAll('\u0000', '\u2400');
}
