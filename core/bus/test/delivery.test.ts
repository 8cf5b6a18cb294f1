import Type from 'typebox';
import { defineEvent } from '@orchestrall/sdk';
import type { Event } from '@orchestrall/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { activate, createCollector, createOwner, startReplica, startServer } from './fixture.ts';
import type { Replica, Server } from './fixture.ts';

const contactCreated = defineEvent('contact.created', Type.Object({ number: Type.Integer() }));

let server: Server;
let replica: Replica;

beforeAll(async () => {
  server = await startServer();
  replica = await startReplica(await server.createDatabase('delivery'));
});
afterAll(async () => {
  await replica[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

describe('tx.emit', () => {
  it('reaches a handler in its own transaction, with position, source and correlation', async () => {
    const seen = createCollector<Event>();
    const crm = createOwner('crm');
    await using registration = await activate(replica, crm, [contactCreated], (bus) => {
      bus.on(contactCreated, async (event, tx) => {
        await tx.query('insert into handled (position) values ($1)', [event.position]);
        tx.afterCommit(() => seen.add(event));
      });
    });
    const database = replica.database.forPlugin('crm');
    await database.query('create table handled (position bigint primary key)');
    const id = await database.transaction(async (tx) =>
      tx.emit(contactCreated, { number: 1 }, { subject: 'c1' }),
    );
    const [event] = await seen.reach(1);
    expect(event).toMatchObject({
      specversion: '1.0',
      id,
      source: '/plugins/crm',
      type: 'contact.created',
      subject: 'c1',
      data: { number: 1 },
    });
    expect(await database.query('select position from handled')).toEqual([{ position: event?.position }]);
    expect(registration.api).toBeDefined();
  });
});
