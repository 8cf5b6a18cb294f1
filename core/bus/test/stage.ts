import Type from 'typebox';
import { defineEvent } from '@orchestrall/sdk';
import type { Bus, Event, EventDefinition } from '@orchestrall/sdk';
import type { Owner, Registration } from '../../telemetry/owner.ts';
import { testDatabase } from '../../testing/postgres.ts';
import type { SubscriptionStatistics } from '../history/statistics.ts';
import { activate, busMigrations, startReplica } from './fixture.ts';
import type { Replica } from './fixture.ts';

/** The event that the plugins of a stage count. */
export const counted = defineEvent('contact.counted', Type.Object({ number: Type.Integer() }));

/** A replica on a database of its own, with plugins that count. */
export interface Stage extends AsyncDisposable {
  readonly replica: Replica;
  /** Sets a plugin up and switches it on until the end of the test. */
  switchOn(
    owner: Owner,
    declared: readonly EventDefinition[],
    setup?: (bus: Bus) => void,
  ): Promise<Registration<Bus>>;
  /** Switches off what the test switched on. */
  switchOff(): Promise<void>;
  /** Emits numbers from 0 on, one transaction each, in order. */
  emitNumbers(plugin: string, count: number, subject: (number: number) => string): Promise<void>;
  subscriptionOf(plugin: string): Promise<SubscriptionStatistics | undefined>;
}

/** Starts a stage with a database of its own, which goes with it. */
export async function startStage(): Promise<Stage> {
  const server = await testDatabase({ migrations: [await busMigrations()] });
  const replica = await startReplica(server.connection);
  const generations: AsyncDisposable[] = [];
  return {
    replica,
    async switchOn(owner, declared, setup) {
      const registration = await activate(replica, owner, declared, setup);
      generations.push(registration);
      return registration;
    },
    async switchOff() {
      for (const one of generations.splice(0)) await one[Symbol.asyncDispose]();
    },
    async emitNumbers(plugin, count, subject) {
      const database = replica.database.forPlugin(plugin);
      for (let number = 0; number < count; number += 1) {
        await database.transaction(async (tx) => tx.emit(counted, { number }, { subject: subject(number) }));
      }
    },
    async subscriptionOf(plugin) {
      const { subscriptions } = await replica.bus.statistics();
      return subscriptions.find((one) => one.plugin === plugin);
    },
    async [Symbol.asyncDispose]() {
      await replica[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** The number that a counted event carries. */
export const numberOf = (event: Event<{ number: number }>): number => event.data.number;
