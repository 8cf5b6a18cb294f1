import type { HealthResult } from '@orchestrall/sdk';
import { expect, test } from 'vitest';
import { ServiceRegistry } from './health.ts';
import { Logs } from './logs.ts';

const log = new Logs({ destination: { write: () => {} } }).logger('core.health');

test('only a critical component makes the appliance unhealthy; another degrades it', async () => {
  const services = new ServiceRegistry({ log });
  expect((await services.read()).status).toBe('healthy');
  services.register('a', () => ({ status: 'unhealthy' }));
  expect((await services.read()).status).toBe('degraded');
  const held = services.register('b', () => ({ status: 'unhealthy' }), { critical: true });
  expect((await services.read()).status).toBe('unhealthy');
  held[Symbol.dispose]();
  expect((await services.read()).status).toBe('degraded');
});

test('reads at the same time share one run, and a check that hangs is not started again', async () => {
  const services = new ServiceRegistry({ log });
  let runs = 0;
  services.register(
    'slow',
    () => {
      runs += 1;
      return new Promise<HealthResult>(() => {});
    },
    { timeoutMs: 20 },
  );
  const [first, second] = await Promise.all([services.read(), services.read()]);
  expect(first).toBe(second);
  expect(first.components.get('slow')?.reason).toBe('the check took longer than 20 ms');
  expect((await services.read()).components.get('slow')?.reason).toBe(
    'an earlier check still hangs after 20 ms',
  );
  expect(runs).toBe(1);
});

test('who asks while an earlier check hangs waits no longer than its time, and sees its end', async () => {
  const services = new ServiceRegistry({ log });
  const { promise, resolve } = Promise.withResolvers<HealthResult>();
  services.register('slow', () => promise, { timeoutMs: 20 });
  await services.readBelow('slow');
  let waited = false;
  const timer = setTimeout(() => (waited = true), 15);
  const { components } = await services.readBelow('slow');
  clearTimeout(timer);
  expect(components.get('slow')?.reason).toBe('an earlier check still hangs after 20 ms');
  expect(waited).toBe(false);
  resolve({ status: 'healthy' });
  await promise;
  services.register('slow', () => ({ status: 'healthy' }));
  expect((await services.readBelow('slow')).status).toBe('healthy');
});

test('a check that throws is unhealthy with its message, and a change is told once', async () => {
  const changes: string[] = [];
  const services = new ServiceRegistry({
    log,
    onChange: ({ name, before, after }) =>
      changes.push(`${name} ${before.status} -> ${after.status}: ${after.reason}`),
  });
  let broken = false;
  services.register('db', () => {
    if (broken) throw new Error('connection refused');
    return { status: 'healthy' };
  });
  await services.read();
  broken = true;
  await services.read();
  await services.read();
  expect(changes).toEqual(['db healthy -> unhealthy: connection refused']);
  broken = false;
  expect((await services.read()).status).toBe('healthy');
});

test('a check that throws what has no text is unhealthy', async () => {
  const services = new ServiceRegistry({ log });
  services.register('odd', () => {
    throw Object.create(null);
  });
  expect((await services.read()).components.get('odd')).toMatchObject({
    status: 'unhealthy',
    reason: 'a value of type object without a message',
  });
});

test('disposing the former registration of a name leaves the newer one', async () => {
  const services = new ServiceRegistry({ log });
  const old = services.register('crm', () => ({ status: 'unhealthy' }));
  services.register('crm', () => ({ status: 'healthy' }));
  old[Symbol.dispose]();
  expect((await services.readBelow('crm')).components.get('crm')?.status).toBe('healthy');
});
