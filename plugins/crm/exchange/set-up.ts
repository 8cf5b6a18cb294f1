import type { PluginContext } from '@orchestrall/sdk';
import type { CrmConfig } from '../config.ts';
import { requireSettings } from '../salesforce/config.ts';
import { createSalesforceProvider, effectsOf } from '../salesforce/provider.ts';
import { findConnection } from './connection.ts';
import { createPlanner } from './mapping/planner.ts';
import { defaultOwnership, rememberUsers } from './owners.ts';
import type { Outside } from './ports.ts';
import { createRunHandler, startDue } from './runs/carry-out.ts';
import { syncDueJob, syncJob, syncJobOptions } from './runs/jobs.ts';
import { createExchange } from './service.ts';
import type { Exchange } from './service.ts';
import { checkExchange } from './status.ts';
import type { TargetScope } from './target/target-kinds.ts';

type Context = PluginContext<CrmConfig, {}>;

/**
 * Whether changes made here are listed for an outside system: with a provider of one, and where records came from one
 * before, so that nothing is missed when it is switched on again.
 */
export async function listsChanges({
  provider,
  database,
}: Pick<Context, 'provider' | 'database'>): Promise<boolean> {
  return provider !== 'builtin' || (await findConnection(database)) !== undefined;
}

/**
 * Wires the exchange with the provider that the client's YAML names; undefined for `builtin`, whose jobs left over end
 * without effect. Throws `SALESFORCE_NOT_CONFIGURED`, `SALESFORCE_KEY_INVALID`, `SYNC_OWNER_UNKNOWN`, `SCHEDULE_INVALID`.
 */
export async function setUpExchange(context: Context, scope: TargetScope): Promise<Exchange | undefined> {
  const { provider, jobs, log, health, clock, database, directory, config } = context;
  if (provider === 'builtin') {
    jobs.handle(syncJob, async () => undefined, syncJobOptions);
    jobs.handle(syncDueJob, async () => undefined);
    return undefined;
  }
  const outside = await salesforce(context);
  const now = (): Date => clock.now();
  const planner = createPlanner(database, scope, () => now().getTime());
  const options = { database, jobs, log, directory, scope, config: config.sync, outside, now };
  jobs.handle(syncJob, createRunHandler(options, planner), syncJobOptions);
  jobs.handle(syncDueJob, startDue);
  jobs.schedule({ name: 'sync', cron: config.sync.schedule }, syncDueJob, {});
  health.register('sync', () => checkExchange(database, outside));
  return createExchange(options, planner);
}

async function salesforce(context: Context): Promise<Outside> {
  const { config, clock, directory } = context;
  const settings = requireSettings(config, config.sync.api_reserve_percent);
  const defaults = await defaultOwnership(directory, config.sync);
  const findUser = rememberUsers(directory, () => clock.now().getTime());
  const effects = effectsOf(context);
  const open = (signal: AbortSignal) =>
    createSalesforceProvider(
      settings,
      { ...effects, signal: AbortSignal.any([effects.signal, signal]) },
      { findUser, defaults },
    );
  // A key that cannot be used is told at once, and not by the first run.
  open(context.signal);
  return { provider: 'salesforce', address: settings.instance_url, open };
}
