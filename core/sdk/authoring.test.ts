import Type from 'typebox';
import { expect, test } from 'vitest';
import { defineContract, defineEvent, defineJob, definePlugin, optional, required } from './index.ts';
import type { Database, PluginContext } from './index.ts';

/*
 * Each `@ts-expect-error` is a claim that wrong use does not compile: the type check of the repository fails when a
 * line under one compiles after all. The functions are never called.
 */

interface Crm {
  find(id: string): Promise<{ readonly id: string } | undefined>;
}
const counted = defineEvent('contacts.counted', Type.Object({ count: Type.Integer() }));
const renamed = defineEvent('contact.renamed', Type.Object({ name: Type.String() }));
const foreign = defineEvent('foreign.happened', Type.Object({ id: Type.String() }));
const created = defineEvent('contact.created', Type.Object({ id: Type.String() }));
const crm = defineContract<Crm>()({ name: 'crm', version: '1.0.0', events: [created] });
const importJob = defineJob('import', Type.Object({ file: Type.String() }));
const base = { name: 'sample', version: '1.0.0', engine: '^0.1.0' };

test('what config and needs declare decides the types of the context', () => {
  const plugin = definePlugin({
    ...base,
    config: Type.Object({ size: Type.Integer({ default: 3 }) }),
    emits: [counted],
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
        tx.emit(counted, { count: event.data.id.length });
        // @ts-expect-error data that do not fit the event's schema
        tx.emit(counted, { count: 'three' });
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

async function store(database: Database): Promise<unknown> {
  return database.query('select 1');
}

test('a plugin emits what its manifest or its contract declares, and nothing else compiles', () => {
  const plugin = definePlugin({
    ...base,
    emits: [counted, renamed],
    provides: crm,
    async setup({ bus, database, jobs }) {
      await bus.emit(counted, { count: 1 });
      bus.broadcast(renamed, { name: 'Ada' });
      await bus.emit(created, { id: 'x' });
      await database.transaction(async (tx) => {
        tx.emit(created, { id: 'x' });
        // @ts-expect-error an event that neither manifest nor contract declares
        tx.emit(foreign, { id: 'x' });
      });
      jobs.handle(importJob, async (job) => {
        // @ts-expect-error an event that neither manifest nor contract declares
        await job.transaction(async (tx) => void tx.emit(foreign, { id: 'x' }));
      });
      // @ts-expect-error an event that neither manifest nor contract declares
      await bus.emit(foreign, { id: 'x' });
      // What works on any database works on the plugin's own.
      await store(database);
      return { service: { find: async (id) => ({ id }) } };
    },
  });
  const silent = definePlugin({
    ...base,
    setup({ bus }) {
      // Whoever declares nothing listens only.
      bus.observe(foreign, () => undefined);
      // @ts-expect-error an event that the manifest does not declare
      bus.broadcast(foreign, { id: 'x' });
    },
  });
  expect([plugin.emits?.length, silent.emits]).toEqual([2, undefined]);
});

test('a route with a role that does not exist does not compile', () => {
  const plugin = definePlugin({
    ...base,
    setup({ http }) {
      http.instance.get('/api/v1/sample', { config: { access: 'operator' } }, async () => ({}));
      http.instance.get('/api/v1/sample', { config: { access: ['operator', 'system'] } }, async () => ({}));
      // @ts-expect-error no such role
      http.instance.get('/api/v1/sample', { config: { access: 'owner' } }, async () => ({}));
      // @ts-expect-error no such role among them
      http.instance.get('/api/v1/sample', { config: { access: ['admin', 'owner'] } }, async () => ({}));
    },
  });
  expect(plugin.name).toBe('sample');
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
