import Type from 'typebox';
import { expect, test } from 'vitest';
import { defineContract, defineEvent, defineJob, definePlugin, optional, required } from './index.ts';
import type { PluginContext } from './index.ts';

/*
 * Each `@ts-expect-error` is a claim that wrong use does not compile: the type check of the repository fails when a
 * line under one compiles after all. The functions are never called.
 */

interface Crm {
  find(id: string): Promise<{ readonly id: string } | undefined>;
}
const created = defineEvent('contact.created', Type.Object({ id: Type.String() }));
const crm = defineContract<Crm>()({ name: 'crm', version: '1.0.0', events: [created] });
const importJob = defineJob('import', Type.Object({ file: Type.String() }));
const base = { name: 'sample', version: '1.0.0', engine: '^0.1.0' };

test('what config and needs declare decides the types of the context', () => {
  const plugin = definePlugin({
    ...base,
    config: Type.Object({ size: Type.Integer({ default: 3 }) }),
    needs: { crm: required(crm, '^1'), other: optional(crm, '^1') },
    async setup({ config, services, bus, jobs, database }) {
      const size: number = config.size;
      // @ts-expect-error a key that the configuration's schema does not have
      void config.other;
      await services.crm.find(String(size));
      // @ts-expect-error a method that the contract does not have
      await services.crm.remove('x');
      // @ts-expect-error an optional need may be undefined
      await services.other.find('x');
      await services.other?.find('x');
      // @ts-expect-error a service that is not among the needs
      void services.billing;
      bus.on(created, async (event, tx) => {
        tx.emit(created, { id: event.data.id });
        // @ts-expect-error data that do not fit the event's schema
        tx.emit(created, { id: 3 });
        // @ts-expect-error a field that the event's data do not have
        void event.data.name;
      });
      jobs.handle(importJob, async (job) => {
        await database.query('select $1', [job.payload.file]);
        // @ts-expect-error a field that the job's payload does not have
        void job.payload.url;
      });
      // @ts-expect-error a payload that does not fit
      await jobs.enqueue(importJob, { file: 1 });
    },
  });
  expect(plugin.needs?.crm.required).toBe(true);
});

test('a plugin without version, or without the service it promises, does not compile', () => {
  // @ts-expect-error no version
  const noVersion = definePlugin({ name: 'sample', engine: '*', setup() {} });
  // @ts-expect-error the manifest provides a contract and setup returns nothing
  const noService = definePlugin({ ...base, provides: crm, setup() {} });
  // @ts-expect-error the service lacks a method of the contract
  const halfService = definePlugin({ ...base, provides: crm, setup: () => ({ service: {} }) });
  const whole = definePlugin({
    ...base,
    provides: crm,
    setup: () => ({ service: { find: async (id) => ({ id }) } }),
  });
  expect([noVersion, noService, halfService, whole]).toHaveLength(4);
});

test('a contract whose methods give no promise does not compile', () => {
  interface Synchronous {
    size(): number;
  }
  // @ts-expect-error calls are counted and drained, so every method is asynchronous
  const contract = defineContract<Synchronous>()({ name: 'sync', version: '1.0.0' });
  expect(contract.name).toBe('sync');
});

function reachAround(context: PluginContext<object, {}>): void {
  // @ts-expect-error effects come from the context's own members only
  void context.process;
}

test('the context has no door to what it does not name', () => {
  expect(reachAround).toBeTypeOf('function');
});
