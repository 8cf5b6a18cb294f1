import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { registerSystemMetrics } from './system-metrics.ts';

test('a folder that is gone has no known usage, and keeps no other metric from being read', async () => {
  const registry = new Registry();
  const [here, gone] = [import.meta.dirname, `${import.meta.dirname}/gone`];
  registerSystemMetrics(registry, [gone, here]);
  const lines = (await registry.metrics()).split('\n');
  const usedOf = (path: string): string | undefined =>
    lines
      .find((line) => line.startsWith(`orch_system_disk_usage_bytes{path="${path}"} `))
      ?.split(' ')
      .at(-1);
  // As prom-client writes it; Prometheus reads it in any case.
  expect(usedOf(gone)).toBe('Nan');
  expect(Number(usedOf(here))).toBeGreaterThan(0);
});
