import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isAppError } from '@orchestrall/sdk';
import type { FieldValue } from '../../provider.ts';
import type { MappingOverrides } from '../../salesforce/mapping/overrides.ts';
import { decideConflict } from '../../sync/decide.ts';
import type { ObjectPlan } from '../../sync/plan.ts';
import type { Conflict } from '../../sync/state.ts';
import { takeAgain } from '../../sync/pull.ts';
import { runSync } from '../../sync/run.ts';
import { createMemoryStore } from './memory-store.ts';
import { FaultPlan } from './stand-in/faults.ts';
import { OrgFault } from './stand-in/org.ts';
import type { Cell } from './stand-in/org.ts';
import { startHarness } from './support.ts';
import type { Harness } from './support.ts';
import { overlapMs, partsOf, plansOf } from './sync-support.ts';

/** Runs of each property; `SYNC_RUNS=500` for the full count. */
const numRuns = Number(process.env['SYNC_RUNS'] ?? 15);

const pushed = { push: 'create_and_update', external_id_field: 'Orchestrall_Id__c' } as const;
const mappings: Readonly<Record<Mode, MappingOverrides>> = {
  pull: { Task: { take: false }, Event: { take: false } },
  both: {
    Account: pushed,
    Contact: pushed,
    Opportunity: pushed,
    Task: { take: false },
    Event: { take: false },
  },
};
type Mode = 'pull' | 'both';

/** What happens between two runs; numbers choose among what there is. */
type Step =
  | {
      readonly do: 'create' | 'change' | 'delete' | 'restore';
      readonly which: number;
      readonly lasts: number;
    }
  | { readonly do: 'write' | 'edit' | 'remove'; readonly which: number }
  | { readonly do: 'purge' }
  | { readonly do: 'wait'; readonly seconds: number }
  | { readonly do: 'run'; readonly crashAt: number };

const which = fc.nat(30);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constantFrom('create', 'change'), which, lasts: fc.nat(50) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constantFrom('delete', 'restore'), which, lasts: fc.constant(0) }),
    },
    { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('write', 'edit', 'edit', 'remove'), which }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('purge') }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('wait'), seconds: fc.nat(90) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('run'), crashAt: fc.nat(40) }) },
  ),
  { minLength: 5, maxLength: 40 },
);

class Crash extends Error {}

/** An organisation, a CRM and a sync between them, both edited by users. */
class World {
  readonly #harness: Harness;
  readonly #mode: Mode;
  readonly plans: readonly ObjectPlan[];
  readonly store = createMemoryStore();
  readonly violations: string[] = [];
  readonly #seen = { there: new Map<string, Set<unknown>>(), here: new Map<string, Set<unknown>>() };
  #counter = 0;

  constructor(harness: Harness, mode: Mode, plans: readonly ObjectPlan[]) {
    this.#harness = harness;
    this.#mode = mode;
    this.plans = plans;
    harness.org.refusesDuplicates = mode === 'both';
    harness.org.deleteLagMs = 20_000;
    harness.standIn.bulk.partRows = 3;
    if (mode === 'both') this.#watch();
  }

  /** A value of either side may be written over only by somebody who had seen it. */
  #watch(): void {
    const { org } = this.#harness;
    const update = org.update.bind(org);
    this.#userUpdate = update;
    const create = org.create.bind(org);
    org.create = (object, fields, seenAfterMs) => {
      const record = create(object, fields, seenAfterMs);
      this.#remember('there', record.id, fields);
      return record;
    };
    org.update = (object, id, fields) => {
      const localId = [...this.store.tables.links.values()].find((link) => link.externalId === id)?.localId;
      for (const [name, value] of Object.entries(fields)) {
        const old = org.records.get(id)?.fields[name] ?? null;
        if (old === null || old === value || name === 'Orchestrall_Id__c' || name.endsWith('Id')) continue;
        if (this.#values('here', `${localId}/${name}`).has(old)) continue;
        this.violations.push(`${object}.${name} of ${id}: ${old} was written over by ${value}`);
      }
      update(object, id, fields);
      for (const [name, value] of Object.entries(fields)) this.#values('there', `${id}/${name}`).add(value);
    };
    this.store.observe = (old, fields) => {
      const link = [...this.store.tables.links.values()].find((each) => each.localId === old.id);
      const plan = this.plans.find((each) => each.object === link?.object);
      for (const [local, value] of Object.entries(fields)) {
        const remote = plan?.fields.find((field) => field.local === local)?.remote ?? '';
        const before = old.fields[local] ?? null;
        this.#values('here', `${old.id}/${remote}`).add(before).add(value);
        if (before === null || before === value || remote.endsWith('Id')) continue;
        expect(this.#values('there', `${link?.externalId}/${remote}`), `${local} of ${old.id}`).toContain(
          before,
        );
      }
    };
  }

  #userUpdate: Harness['org']['update'] | undefined;

  #values(side: 'there' | 'here', key: string): Set<unknown> {
    const found = this.#seen[side].get(key) ?? new Set();
    this.#seen[side].set(key, found);
    return found;
  }

  async step(step: Step): Promise<void> {
    const { org } = this.#harness;
    if ('lasts' in step) this.#there(step.do, step.which, step.lasts * 1_000);
    else if (step.do === 'wait') org.advance(step.seconds * 1_000);
    else if (step.do === 'purge') org.purge();
    else if (step.do === 'run') await this.run(step.crashAt);
    else if (this.#mode === 'both') this.#here(step.do, step.which);
  }

  #there(what: string, choice: number, lastsMs: number): void {
    const { org } = this.#harness;
    const object = ['Account', 'Contact', 'Opportunity'][choice % 3] ?? 'Account';
    try {
      if (what === 'create') {
        org.create(object, this.#fieldsThere(object, choice), lastsMs);
        return;
      }
      const all = [...org.records.values()].filter((record) => record.object === object);
      const record = all[choice % Math.max(1, all.length)];
      if (record === undefined) return;
      if (what === 'delete') org.delete(object, record.id);
      else if (what === 'restore') org.restore(record.id);
      else {
        const fields = this.#fieldsThere(object, choice);
        const update = this.#userUpdate ?? org.update.bind(org);
        update.call(org, object, record.id, fields, lastsMs);
        this.#remember('there', record.id, fields);
      }
    } catch (error) {
      if (!(error instanceof OrgFault)) throw error;
    }
  }

  #remember(side: 'there' | 'here', id: string, fields: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(fields)) this.#values(side, `${id}/${name}`).add(value);
  }

  #fieldsThere(object: string, choice: number): Record<string, Cell> {
    this.#counter += 1;
    const token = `t${this.#counter}`;
    const accounts = this.#harness.org.visible('Account');
    const account = accounts[choice % Math.max(1, accounts.length)]?.id ?? null;
    if (object === 'Account') {
      return choice % 4 === 0
        ? { Name: token, ParentId: account }
        : { Name: token, Phone: `+${this.#counter}` };
    }
    if (object === 'Contact') {
      const Email = choice % 2 === 0 ? `Mail${choice % 5}@acme.example` : null;
      return { LastName: token, AccountId: account, ...(this.#mode === 'pull' ? { Email } : {}) };
    }
    return { Name: token, AccountId: account, StageName: 'Prospecting', CloseDate: '2026-12-24' };
  }

  #here(what: 'write' | 'edit' | 'remove', choice: number): void {
    const kind = ['companies', 'contacts', 'deals'][choice % 3] ?? 'companies';
    const field = kind === 'contacts' ? 'last_name' : 'name';
    this.#counter += 1;
    const fields: Record<string, FieldValue> = { [field]: `h${this.#counter}` };
    if (kind === 'companies' && choice % 2 === 0) fields['phone'] = `-${this.#counter}`;
    const all = this.store.all(kind);
    const record = all[choice % Math.max(1, all.length)];
    if (what === 'remove' && record !== undefined) this.store.remove(kind, record.id);
    if (what === 'remove') return;
    const plan = this.plans.find((each) => each.kind === kind);
    const companies = this.store.all('companies');
    const company = companies[choice % Math.max(1, companies.length)]?.id ?? null;
    const whole = kind === 'deals' ? { stage: 'Prospecting', close_date: '2026-12-24' } : {};
    const isNew = what === 'write' || record === undefined;
    const given = isNew && kind !== 'companies' ? { ...fields, ...whole, company_id: company } : fields;
    const result = this.store.write(kind, { id: isNew ? undefined : record.id, fields: given });
    if (result.outcome !== 'written') return;
    for (const [local, value] of Object.entries(result.record.fields)) {
      const remote = plan?.fields.find((each) => each.local === local)?.remote ?? '';
      this.#values('here', `${result.record.id}/${remote}`)
        .add(value)
        .add(record?.fields[local] ?? null);
    }
  }

  /** A run that may crash before or after one of its commits, and may meet an outage. */
  async run(crashAt: number): Promise<void> {
    let count = 0;
    this.store.crash = () => {
      count += 1;
      if (count === crashAt) throw new Crash();
    };
    try {
      const parts = partsOf(this.#harness.source(), this.store);
      for (const { error } of await runSync(parts, this.plans)) throw error;
    } catch (error) {
      const isOutage = isAppError(error) && error.code.startsWith('SALESFORCE_');
      if (!(error instanceof Crash) && !isOutage) throw error;
    }
    this.store.crash = () => undefined;
  }

  /** Calm runs until nothing is left to do; every rejection is tried again and every conflict decided. */
  async settle(decide: 'local' | 'remote'): Promise<void> {
    for (let round = 0; round < 4; round += 1) {
      this.#harness.org.advance(2 * overlapMs);
      const parts = partsOf(this.#harness.source(), this.store);
      expect(await runSync(parts, this.plans)).toEqual([]);
      for (const plan of this.plans) {
        const rejected = [...this.store.tables.rejections.values()];
        const ids = rejected.filter((each) => each.object === plan.object && each.direction === 'pull');
        await takeAgain(parts, plan, [...new Set(ids.map(({ id }) => id))]);
        for (const conflict of this.store.tables.conflicts.values()) {
          const { object, externalId, field, resolution } = conflict;
          if (object !== plan.object || resolution !== null) continue;
          this.#decided(plan, conflict);
          const side = conflict.reason === 'would_lose' ? 'remote' : decide;
          expect(await decideConflict(parts, plan, externalId, field, side)).toBe('decided');
        }
      }
    }
  }

  /** Whoever decides has seen both values. */
  #decided(plan: ObjectPlan, { externalId, localId, field, local, remote }: Conflict): void {
    const name = plan.fields.find((each) => each.local === field)?.remote ?? '';
    this.#values('here', `${localId}/${name}`).add(remote);
    this.#values('there', `${externalId}/${name}`).add(local);
  }

  /** Every record there is the same here, or listed with its reason; and nothing else is here. */
  expectSame(): void {
    expect(this.violations).toEqual([]);
    const { links, rejections, changes } = this.store.tables;
    const linked = new Set<string>();
    for (const plan of this.plans) {
      for (const record of this.#harness.org.visible(plan.object)) {
        const link = links.get(`${plan.object}/${record.id}`);
        if (link !== undefined) linked.add(link.localId);
        if (link?.parted === true) continue;
        if ([...rejections.values()].some((each) => each.id === record.id && each.direction === 'pull'))
          continue;
        const local = this.store.tables.records.get(link?.localId ?? '');
        expect(local, `${plan.object} ${record.id}`).toBeDefined();
        for (const field of plan.fields) {
          const taken = field.take(record.fields[field.remote] ?? null);
          const reference =
            'reference' in taken ? links.get(`Account/${taken.reference.id}`)?.localId : undefined;
          const there = 'value' in taken ? taken.value : (reference ?? null);
          const here = local?.fields[field.local] ?? null;
          const fold = field.fold ?? ((value: FieldValue) => value);
          const about = `${plan.object}.${field.remote} of ${record.id}`;
          const isDangling = reference !== undefined && !this.store.tables.records.has(reference);
          if (!isDangling) expect(fold(here), about).toEqual(fold(there));
        }
      }
    }
    const strange = [...this.store.tables.records.values()].filter(({ id }) => !linked.has(id));
    const refused = new Set([...rejections.values()].map(({ id }) => id));
    expect(strange.filter(({ id }) => !refused.has(id))).toEqual([]);
    if (this.#mode === 'both') expect([...changes.keys()].filter((id) => !refused.has(id))).toEqual([]);
  }
}

async function converge(mode: Mode, seed: number, share: number, list: readonly Step[]): Promise<void> {
  const faults = new FaultPlan(seed, share);
  const calm = new FaultPlan();
  let current = calm;
  const plan = Object.assign(new FaultPlan(), {
    take: (path: string) => current.take(path),
    random: () => calm.random(),
  });
  await using harness = await startHarness(plan, 10_000_000);
  const world = new World(harness, mode, await plansOf(harness.transport(), mappings[mode]));
  current = faults;
  for (const step of list) await world.step(step);
  current = calm;
  await world.settle(seed % 2 === 0 ? 'local' : 'remote');
  world.expectSame();
}

test.each(['pull', 'both'] as const)(
  'after any edits, faults and crashes both sides are the same again (%s), and nobody wrote over what they had not seen',
  async (mode) => {
    const share = fc.constantFrom(0, 0.05, 0.25);
    const property = fc.asyncProperty(fc.integer({ min: 1 }), share, steps, async (seed, faulty, list) =>
      converge(mode, seed, faulty, list),
    );
    await fc.assert(property, { numRuns, interruptAfterTimeLimit: 1_800_000, markInterruptAsFailure: true });
  },
  3_600_000,
);
