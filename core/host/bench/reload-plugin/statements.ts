import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';

interface Tables {
  readonly records: { readonly id: number; readonly name: string };
}

/** Composes statements; runs none. */
export class Statements {
  readonly #builder = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });

  byId(id: number): string {
    return this.#builder.selectFrom('records').selectAll().where('id', '=', id).compile().sql;
  }
}
