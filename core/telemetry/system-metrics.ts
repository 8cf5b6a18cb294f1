import { statfs } from 'node:fs/promises';
import { cpus, freemem, totalmem } from 'node:os';
import { collectDefaultMetrics, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

/**
 * `orch_system_cpu_percent`, `orch_system_memory_percent`, `orch_system_disk_usage_bytes{path}` of the machine, read
 * when metrics are asked for, and `orch_process_*`, `orch_nodejs_*` of this process. `paths` are the folders whose disks
 * are measured, such as the data folder; one that cannot be measured shows NaN.
 */
export function registerSystemMetrics(registry: Registry, paths: readonly string[]): void {
  collectDefaultMetrics({ register: registry, prefix: 'orch_', eventLoopMonitoringPrecision: 100 });
  let before = cpuTimes();
  registry.registerMetric(
    new Gauge({
      name: 'orch_system_cpu_percent',
      help: 'Share of all cores in use since the last reading',
      registers: [],
      collect() {
        const now = cpuTimes();
        const total = now.total - before.total;
        this.set(total === 0 ? 0 : (100 * (total - (now.idle - before.idle))) / total);
        before = now;
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'orch_system_memory_percent',
      help: 'Share of the memory in use',
      registers: [],
      collect() {
        this.set(100 * (1 - freemem() / totalmem()));
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'orch_system_disk_usage_bytes',
      help: 'Bytes in use on the disk of the path',
      labelNames: ['path'],
      registers: [],
      async collect() {
        for (const path of paths) {
          this.set({ path }, await usedBytes(path));
        }
      },
    }),
  );
}

async function usedBytes(path: string): Promise<number> {
  try {
    const { blocks, bfree, bsize } = await statfs(path);
    return (blocks - bfree) * bsize;
  } catch {
    // A disk that is gone is when the other metrics are wanted most.
    return Number.NaN;
  }
}

function cpuTimes(): { idle: number; total: number } {
  let idle = 0;
  let total = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    total += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  return { idle, total };
}
