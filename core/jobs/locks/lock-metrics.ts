import type { Log } from '@orchestrall/sdk';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import { LabelLimit } from '../../telemetry/label-limit.ts';
import type { LockKey } from './lock-store.ts';

/** Counts what one process does with locks. */
export interface LockMetrics {
  /** The lock was taken after so many seconds of waiting. */
  acquired(key: LockKey, waitedSeconds: number): void;
  /** The wait ended without the lock. */
  unavailable(key: LockKey, waitedSeconds: number): void;
  /** A lock that was acquired is held no more; `lost` when its lease had ended before. */
  ended(key: LockKey, lost: boolean): void;
}

/**
 * `orch_locks_active{resource_type}`, `orch_lock_wait_duration_seconds{resource_type}` and
 * `orch_lock_acquisition_total{resource_type,status}` with the statuses `acquired`, `unavailable` and `lost`, of this
 * process. The type is `<plugin>.<what stands before the first : or / of the name>`, or the plugin alone where the name
 * has neither; beyond 1,000 of them it is `other`.
 */
export function createLockMetrics(registry: Registry, log: Pick<Log, 'warn'>): LockMetrics {
  const limit = new LabelLimit('orch_locks', log);
  const labelsOf = ({ plugin, name }: LockKey): { resource_type: string } => {
    const [, type] = /^([^:/]+)[:/]/.exec(name) ?? [];
    const bound = limit.bound({ resource_type: type === undefined ? plugin : `${plugin}.${type}` });
    return { resource_type: bound['resource_type'] ?? plugin };
  };
  const active = new Gauge({
    name: 'orch_locks_active',
    help: 'Locks that this process holds',
    labelNames: ['resource_type'],
    registers: [registry],
  });
  const waits = new Histogram({
    name: 'orch_lock_wait_duration_seconds',
    help: 'Seconds from asking for a lock to having it or giving up',
    labelNames: ['resource_type'],
    buckets: [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300],
    registers: [registry],
  });
  const acquisitions = new Counter({
    name: 'orch_lock_acquisition_total',
    help: 'Locks that this process asked for, and leases it lost',
    labelNames: ['resource_type', 'status'],
    registers: [registry],
  });
  return {
    acquired(key, waitedSeconds) {
      const labels = labelsOf(key);
      active.inc(labels);
      waits.observe(labels, waitedSeconds);
      acquisitions.inc({ ...labels, status: 'acquired' });
    },
    unavailable(key, waitedSeconds) {
      const labels = labelsOf(key);
      waits.observe(labels, waitedSeconds);
      acquisitions.inc({ ...labels, status: 'unavailable' });
    },
    ended(key, lost) {
      const labels = labelsOf(key);
      active.dec(labels);
      if (lost) acquisitions.inc({ ...labels, status: 'lost' });
    },
  };
}
