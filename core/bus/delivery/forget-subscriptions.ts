import type { ScopedDatabase } from '../../database/scoped-database.ts';

/** Deletes the subscriptions of a plugin with their inbox rows, parked events and dead letters. */
export async function forgetSubscriptions(database: ScopedDatabase, plugin: string): Promise<void> {
  await database.transaction(async (tx) => {
    const rows = await tx.query<{ id: number }>('select id from core.subscriptions where owner = $1', [
      plugin,
    ]);
    const ids = rows.map(({ id }) => id);
    for (const table of ['inbox', 'deliveries', 'dead_letters']) {
      await tx.query(`delete from core.${table} where subscription_id = any ($1::integer[])`, [ids]);
    }
    await tx.query('delete from core.subscriptions where id = any ($1::integer[])', [ids]);
  });
}
