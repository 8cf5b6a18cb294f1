import { containFaults } from '../host/generation/containment.ts';
import type { Host } from '../host/host.ts';
import type { WebhooksEngine } from '../webhooks/webhooks.ts';
import type { Client } from './configuration/client.ts';
import type { LiveConfiguration } from './configuration/live-configuration.ts';
import { applyLevels } from './configuration/log-levels.ts';
import type { Foundation } from './foundation.ts';
import { limitOf, type HttpFront } from './http/front.ts';
import type { PluginControl } from './plugins/control.ts';

/** What brings the plugins up and follows their changes. */
export interface StartPluginsOptions {
  readonly client: Client;
  readonly live: LiveConfiguration;
  readonly front: HttpFront;
  readonly host: Host;
  readonly webhooks: Pick<WebhooksEngine, 'configure'>;
  readonly control: PluginControl;
}

/**
 * Brings up every enabled plugin and follows flags, plugin folders and the client's YAML from then on; resolves once
 * each plugin is active or has failed. An error that no code caught fails the plugin it belongs to, or ends the process.
 */
export async function startPlugins(foundation: Foundation, options: StartPluginsOptions): Promise<void> {
  const { stages, lifecycle, logs } = foundation;
  const { client, live, front, host, webhooks, control } = options;
  await stages.start(
    'fault containment',
    () =>
      containFaults((fault) => {
        const { plugin } = fault;
        const thrower = plugin === undefined ? host.throwerOf(fault.error) : { ...fault, plugin };
        if (thrower !== undefined) host.report({ ...fault, ...thrower });
        else lifecycle.crash(fault.error);
      }),
    (active) => active[Symbol.dispose](),
  );
  await control.start(stages);
  await stages.start(
    'live configuration',
    async () =>
      live.start(async (next) => {
        const switchPlugins = await control.apply(next);
        return () => {
          front.rateLimits.configure(limitOf(next.value));
          webhooks.configure(next.value.webhooks);
          applyLevels(logs, next.value, client.installed());
          switchPlugins();
        };
      }),
    async () => live[Symbol.asyncDispose](),
  );
}
