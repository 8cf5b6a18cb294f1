import Type from 'typebox';
import { defineEvent } from '@orchestrall/sdk';
import { expect, it } from 'vitest';
import { testDatabase } from '../../testing/postgres.ts';
import { activate, busMigrations, createCollector, createOwner, startReplica } from './fixture.ts';

const buried = defineEvent('hope.buried', Type.Object({ number: Type.Integer() }));

it('a dead letter whose event the history lost before it was kept for it is delivered by a replay', async () => {
  const { owner, migrations } = await busMigrations();
  await using server = await testDatabase({ migrations: [{ owner, migrations: migrations.slice(0, 3) }] });
  const core = (await server.open()).core();
  await core.query('update core.relay set head = 2, oldest = 3');
  const [subscription] = await core.query<{ id: number }>(
    `insert into core.subscriptions (owner, name, pattern, cursor_position)
     values ('grave', 'grave', 'hope.buried', 2) returning id`,
  );
  const [letter] = await core.query<{ id: number }>(
    `insert into core.dead_letters
       (subscription_id, position, event_id, type, subject, time, data, source, attempts, reason, error)
     values ($1, 1, '01900000-0000-7000-8000-000000000001', 'hope.buried', 'h1', now() - interval '40 days',
       '{"number":7}', '/plugins/grave', 8, 'handler_failed', 'Error: not yet') returning id`,
    [subscription?.id],
  );
  await using replica = await startReplica(server.connection);
  const handled = createCollector<number>();
  await activate(replica, createOwner('grave'), [buried], (bus) => {
    bus.on(buried, async (event, tx) => tx.afterCommit(() => handled.add(event.data.number)), {
      name: 'grave',
    });
  });
  expect(await replica.bus.trim()).toBe(0);
  expect((await replica.bus.history.query({}, ['admin', 'viewer', 'system'])).items).toEqual([]);
  expect(await replica.bus.deadLetters.replay([letter?.id ?? 0])).toBe(1);
  expect(await handled.reach(1)).toEqual([7]);
});
