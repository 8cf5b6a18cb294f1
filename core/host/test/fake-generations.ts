import type { HealthResult } from '@orchestrall/sdk';
import { defineContract, definePlugin, required } from '@orchestrall/sdk';
import type { AvailablePlugin } from '../packages/discover.ts';
import type { DrainReport } from '../generation/generation.ts';
import { describePlugin } from '../packages/manifest/document.ts';
import { Reconciler } from '../reconciler.ts';
import type { Reloads } from '../reloads.ts';
import { Slot, type RunningGeneration } from '../slot.ts';

/** How a fake generation behaves; by default well. */
export interface FakeBehaviour {
  health?: HealthResult | Promise<HealthResult>;
  buildFails?: string;
  activateFails?: string;
  drainFails?: string;
  /** Settles when nothing of it is in flight any more; by default at once. */
  idle?: Promise<void>;
}

class FakeGeneration implements RunningGeneration {
  readonly generation: number;
  readonly version: string;
  readonly definition: RunningGeneration['definition'];
  readonly #journal: string[];
  readonly #behaviour: FakeBehaviour;
  isActive = false;

  constructor(slot: Slot, journal: string[], behaviour: FakeBehaviour) {
    slot.generations += 1;
    this.generation = slot.generations;
    this.version = slot.targetVersion ?? '';
    this.definition = definitionOf(slot.name, this.version);
    this.#journal = journal;
    this.#behaviour = behaviour;
  }

  get plugin(): string {
    return this.definition.name;
  }

  readonly routes = [];

  get target(): never {
    throw new TypeError('a fake serves nothing');
  }

  activate(): void {
    const { activateFails } = this.#behaviour;
    if (activateFails !== undefined) throw new Error(activateFails);
    this.isActive = true;
    this.#journal.push(`${this.plugin} ${this.version} on`);
  }

  deactivate(): void {
    if (this.isActive) this.#journal.push(`${this.plugin} ${this.version} off`);
    this.isActive = false;
  }

  async check(): Promise<HealthResult> {
    return this.#behaviour.health ?? { status: 'healthy' };
  }

  async drain(): ReturnType<RunningGeneration['drain']> {
    const { drainFails, idle } = this.#behaviour;
    await idle;
    if (drainFails !== undefined) throw new Error(drainFails);
    this.#journal.push(`${this.plugin} ${this.version} drained`);
    return {
      plugin: this.plugin,
      version: this.version,
      generation: this.generation,
      durationMs: 0,
      cut: 0,
      outlived: {},
      faults: [],
      leaks: [],
    };
  }
}

const crm = defineContract<object>()({ name: 'crm', version: '1.0.0' });

function definitionOf(name: string, version: string): RunningGeneration['definition'] {
  const base = { name, version, engine: '*' };
  return name === 'sales'
    ? definePlugin({ ...base, needs: { crm: required(crm, '^1') }, setup() {} })
    : (definePlugin({
        ...base,
        provides: crm,
        setup: () => ({ service: {} }),
      }) as RunningGeneration['definition']);
}

/** A version at hand, which is never loaded. */
export function available(name: string, version: string): AvailablePlugin {
  return {
    manifest: describePlugin(definitionOf(name, version)),
    origin: { kind: 'source', path: '/' },
    fingerprint: version,
    load: async () => Promise.reject(new Error('a fake is not loaded')),
  };
}

/** Two plugins, `sales` needs `crm`; builds end when the test lets them, and go through `around`. */
export function world(
  behaviour: (slot: Slot) => FakeBehaviour = () => ({}),
  around: Reloads['build'] = async (_slot, build) => build(),
) {
  const journal: string[] = [];
  const clock = { ms: 0, now: () => new Date(0), monotonicMs: () => clock.ms };
  const builds: (() => void)[] = [];
  const counts = { plans: 0 };
  const reports: DrainReport[] = [];
  const reconciler = new Reconciler({
    clock,
    events: { activated() {}, deactivated() {}, failed() {}, drained: (report) => void reports.push(report) },
    plan: (slots) => {
      counts.plans += 1;
      const wanted = new Set([...slots].filter((slot) => slot.desired.enabled).map((slot) => slot.name));
      const order = ['crm', 'sales'].filter((name) => wanted.has(name) && wanted.has('crm'));
      const waits = wanted.has('sales') && !wanted.has('crm');
      return { order, refused: new Map(waits ? [['sales', { reason: 'needs crm', isFault: false }]] : []) };
    },
    build: async (slot) =>
      around(slot, async () => {
        const given = behaviour(slot);
        await new Promise<void>((resolve) => builds.push(resolve));
        if (given.buildFails !== undefined) throw new Error(given.buildFails);
        return new FakeGeneration(slot, journal, given);
      }),
    remember: () => {},
    publish: () => {},
    drainDeadlineMs: 1,
    retryMs: 1000,
  });
  const slots = ['crm', 'sales'].map((name) => {
    const slot = new Slot(name, new Date(0));
    slot.available.set('1.0.0', available(name, '1.0.0'));
    reconciler.slots.set(name, slot);
    return slot;
  });
  const [crmSlot, salesSlot] = slots as [Slot, Slot];
  const want = (name: string, enabled: boolean): void => {
    const slot = reconciler.slots.get(name);
    if (slot !== undefined) slot.desired = { enabled, provider: undefined, config: {} };
    reconciler.pass();
  };
  /** Lets builds end until nothing is left to do. */
  const quiet = async (): Promise<void> => {
    for (let round = 0; round < 50; round += 1) {
      builds.splice(0).forEach((finish) => finish());
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { reconciler, journal, clock, crm: crmSlot, sales: salesSlot, want, quiet, builds, counts, reports };
}
