import type { Job, JobDefinition, JobOptions } from '@orchestrall/sdk';
import { coreError } from '../../errors.ts';
import type { Owner } from '../../telemetry/owner.ts';
import type { Run } from './run.ts';

/** How runs of one kind are made; the options of `jobs.handle` with their defaults. */
export interface LaneSettings {
  readonly concurrency: number;
  readonly attempts: number;
  readonly backoffMs: number;
  readonly timeoutMs: number;
  readonly leaseMs: number;
}

/** One handler of one generation, and its runs in this process. */
export interface Lane {
  readonly owner: Owner;
  readonly definition: JobDefinition;
  readonly handler: (job: Job) => Promise<void>;
  readonly settings: LaneSettings;
  readonly runs: Set<Run>;
}

const bounds: Readonly<Record<keyof LaneSettings, readonly [least: number, most: number, fallback: number]>> =
  {
    concurrency: [1, 1000, 1],
    attempts: [1, 1000, 5],
    backoffMs: [1, 300_000, 1000],
    timeoutMs: [1, 2_147_483_647, 300_000],
    leaseMs: [500, 3_600_000, 15_000],
  };

/** Fills in defaults and refuses what is out of bounds. Throws `JOB_INVALID`. */
export function laneSettings(name: string, options: JobOptions = {}): LaneSettings {
  const value = (key: keyof LaneSettings): number => {
    const [least, most, fallback] = bounds[key];
    const given = options[key] ?? fallback;
    if (Number.isInteger(given) && given >= least && given <= most) return given;
    throw coreError('JOB_INVALID', {
      name,
      reason: `${key} must be a whole number from ${least} to ${most}`,
    });
  };
  return {
    concurrency: value('concurrency'),
    attempts: value('attempts'),
    backoffMs: value('backoffMs'),
    timeoutMs: value('timeoutMs'),
    leaseMs: value('leaseMs'),
  };
}
