import type { PluginContext } from '@orchestrall/sdk';
import { validationFailed } from '@orchestrall/sdk';
import { Check, Errors } from 'typebox/value';
import type { FieldValues } from '../provider.ts';
import { remoteFieldsOf } from '../sync/plan.ts';
import type { ObjectPlan } from '../sync/plan.ts';
import type { SyncProvider, ValuePreview } from '../sync/proposal.ts';
import { describeObject, listObjects } from './client/describe.ts';
import type { Effects } from './client/exchange.ts';
import { bookkeepingFields, queryAll } from './client/query.ts';
import { selectFrom } from './client/soql.ts';
import { createTransport } from './client/transport.ts';
import { listUsers } from './client/users.ts';
import type { SalesforceConfig } from './config.ts';
import { compileMapping, previewRecord } from './mapping/compile.ts';
import { mapOwners, noOwners } from './mapping/owners.ts';
import type { FindUser } from './mapping/owners.ts';
import { MappingOverrides } from './mapping/overrides.ts';
import { mappedObjects, proposeMapping } from './mapping/propose.ts';
import { createSalesforceSource, recordsOf } from './source.ts';

/** Records of one sample at most. */
const mostSampled = 200;
/** Users whom nobody here is that are told. */
const mostStrangers = 200;

/** Whom records belong to that are taken in. */
export interface Ownership {
  /** Default nobody is found. */
  readonly findUser?: FindUser;
  /** Owner and team of records whose owner there nobody here is; default none. */
  readonly defaults?: FieldValues;
}

/** Salesforce as a provider of CRM. Throws `SALESFORCE_KEY_INVALID`; its methods the other errors of `errors.ts`. */
export function createSalesforceProvider(
  config: SalesforceConfig,
  effects: Effects,
  { findUser = async () => undefined, defaults }: Ownership = {},
): SyncProvider {
  const transport = createTransport(config, effects);
  return {
    source: createSalesforceSource(transport, config, effects),
    async propose(kinds, given) {
      const overrides = readOverrides(given);
      const seen = new Set((await listObjects(transport)).map(({ name }) => name));
      const described = [];
      for (const object of mappedObjects(overrides, kinds)) {
        if (seen.has(object)) described.push(await describeObject(transport, object));
      }
      const { objects, faults } = proposeMapping(described, kinds, overrides);
      const hasOwners = kinds.some(({ fields }) => fields.some(({ type }) => type === 'user'));
      const owners = hasOwners ? await mapOwners(await listUsers(transport), findUser) : noOwners;
      const proposal = { objects, faults, strangers: owners.strangers.slice(0, mostStrangers) };
      if (faults.length > 0) return { proposal, plans: [] };
      const plans = compileMapping({ described, kinds, proposals: objects, owners, defaults });
      return { proposal, plans };
    },
    async sample(plan: ObjectPlan, count: number): Promise<readonly (readonly ValuePreview[])[]> {
      const fields = [...new Set([...bookkeepingFields, ...remoteFieldsOf(plan)])];
      const limit = Math.max(1, Math.min(mostSampled, Math.trunc(count)));
      const soql = `${selectFrom(plan.object, fields)} ORDER BY SystemModstamp DESC LIMIT ${limit}`;
      const records = recordsOf(plan.object, await queryAll(transport, soql));
      return records.map((record) => previewRecord(plan, record));
    },
  };
}

/** Overrides as an administrator gave them. Throws `VALIDATION_FAILED` naming each fault. */
function readOverrides(given: unknown): MappingOverrides {
  if (Check(MappingOverrides, given)) return given;
  const faults = Errors(MappingOverrides, given).map(({ instancePath, message }) => ({
    path: instancePath,
    message,
  }));
  throw validationFailed(faults);
}

/** What a provider talks to the outside through, of what the host gives; pauses end with the generation. */
export function effectsOf(
  context: Pick<PluginContext<unknown, {}>, 'fetch' | 'clock' | 'timers' | 'signal'>,
): Effects {
  const { fetch, clock, timers, signal } = context;
  return {
    fetch,
    signal,
    now: () => clock.now(),
    random: Math.random,
    wait: async (delayMs, until) =>
      new Promise((resolve, reject) => {
        until.throwIfAborted();
        const stopped = (): void => {
          timer[Symbol.dispose]();
          reject(until.reason);
        };
        const timer = timers.after(delayMs, () => {
          until.removeEventListener('abort', stopped);
          resolve();
        });
        until.addEventListener('abort', stopped, { once: true });
      }),
  };
}
