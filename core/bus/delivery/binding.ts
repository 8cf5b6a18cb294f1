import type { Event, EventHandler, Fault, SubscribeOptions } from '@orchestrall/sdk';
import type { ScopedDatabase } from '../../database/scoped-database.ts';
import type { Owner } from '../../telemetry/owner.ts';
import { defaultBackoffMs } from './backoff.ts';
import { busError } from '../errors.ts';
import { createMatcher } from '../pattern.ts';

/** One generation's handler of a subscription, with its options filled in. */
export interface Binding {
  readonly owner: Owner;
  readonly database: ScopedDatabase;
  readonly name: string;
  readonly pattern: string;
  readonly matches: (type: string) => boolean;
  readonly handler: EventHandler<Event>;
  readonly priority: number;
  readonly concurrency: number;
  readonly attempts: number;
  readonly backoffMs: number;
  readonly timeoutMs: number;
  readonly from: 'now' | 'start';
}

const longestName = 120;

/** Fills in and checks the options. Throws `SUBSCRIPTION_INVALID` naming each faulty one, `EVENT_PATTERN_INVALID`. */
export function createBinding(
  owner: Owner,
  database: ScopedDatabase,
  pattern: string,
  handler: EventHandler<Event>,
  options: SubscribeOptions = {},
): Binding {
  const binding: Binding = {
    owner,
    database,
    name: options.name ?? pattern,
    pattern,
    matches: createMatcher(pattern),
    handler,
    priority: options.priority ?? 1,
    concurrency: options.concurrency ?? 4,
    attempts: options.attempts ?? 8,
    backoffMs: options.backoffMs ?? defaultBackoffMs,
    timeoutMs: options.timeoutMs ?? 30_000,
    from: options.from ?? 'now',
  };
  const bounds = [
    ['priority', binding.priority, 0, 9],
    ['concurrency', binding.concurrency, 1, 64],
    ['attempts', binding.attempts, 1, 100],
    ['backoffMs', binding.backoffMs, 0, 60_000],
    ['timeoutMs', binding.timeoutMs, 1, 3_600_000],
  ] as const;
  const faults: Fault[] = bounds
    .filter(([, value, least, most]) => !Number.isInteger(value) || value < least || value > most)
    .map(([path, , least, most]) => ({ path, message: `must be a whole number from ${least} to ${most}` }));
  if (binding.name.length === 0 || binding.name.length > longestName) {
    faults.push({ path: 'name', message: `must have 1 to ${longestName} characters` });
  }
  if (faults.length > 0)
    throw busError('SUBSCRIPTION_INVALID', { plugin: owner.plugin, name: binding.name, faults });
  return binding;
}
