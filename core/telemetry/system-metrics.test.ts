import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { registerSystemMetrics } from './system-metrics.ts';

test('a folder that is gone has no known usage, and keeps no other metric from being read', async () => {
  const registry = new Registry();
  const [here, gone] = [import.meta.dirname, `${import.meta.dirname}/gone`];
  registerSystemMetrics(registry, [gone, here]);
  const lines = (await registry.metrics()).split('\n');
  expect(lines).toContain(`orch_system_disk_usage_bytes{path="${gone}"} NaN`);
  const used = lines.find((line) => line.startsWith(`orch_system_disk_usage_bytes{path="${here}"} `));
  expect(Number(used?.split(' ')[1])).toBeGreaterThan(0);
});
