import { coreError } from '../../errors.ts';
import type { FlagSource } from '../../flags/decide.ts';
import type { ExplainedFlag, FlagRoom } from '../../flags/flags.ts';
import type { Host } from '../../host/host.ts';
import type { Settlement } from '../../host/settlements.ts';
import type { PluginAdministration, PluginChange } from '../../http/system/plugins.ts';
import { flagOf } from './desired-plugins.ts';

/** What the administration of plugins acts on. */
export interface PluginAdministrationOptions {
  readonly host: Host;
  readonly flags: FlagRoom;
  /** Brings the desired state in line with the flags. */
  readonly refresh: () => Promise<void>;
  /** Looks for plugins and versions that have come or gone. */
  readonly rescan: () => Promise<void>;
  /** Deletes everything that is kept of a plugin which is off; throws `PLUGIN_NOT_OFF` otherwise. */
  readonly purge: (plugin: string) => Promise<void>;
}

/** The system API's view of the plugins: a switch is a flag, so that every replica follows and a restart keeps it. */
export function createPluginAdministration(options: PluginAdministrationOptions): PluginAdministration {
  const { host, flags, refresh, rescan } = options;
  const known = (name: string) => host.list().find((plugin) => plugin.name === name);
  const switchTo = async (name: string, enabled: boolean): Promise<Settlement> => {
    await flags.set(flagOf(name), enabled);
    await refresh();
    return host.switched(name, enabled);
  };
  const changes: Readonly<Record<PluginChange, (name: string) => Promise<Settlement>>> = {
    enable: async (name) => switchTo(name, true),
    disable: async (name) => switchTo(name, false),
    reload: async (name) => host.reload(name),
    rollback: async (name) => host.rollback(name),
  };
  return {
    list: () => host.list(),
    get: known,
    async change(name, change) {
      if (known(name) === undefined) throw coreError('PLUGIN_NOT_FOUND', { plugin: name });
      if (change === 'reload' || change === 'rollback') await rescan();
      const { isSuperseded, plugin } = await changes[change](name);
      if (!isSuperseded) return plugin;
      const source = describeSource(flags.explain(flagOf(name)));
      throw coreError('CHANGE_SUPERSEDED', { plugin: name, desired: plugin.desired, source });
    },
    purge: options.purge,
  };
}

/** What decides a flag now, as the subject of a sentence. */
function describeSource({ decidedBy, sources }: ExplainedFlag): string {
  const subjects: Readonly<Record<FlagSource, string>> = {
    kill_switch: 'the kill switch',
    environment: `the environment variable ${sources.environment?.variable ?? ''}`,
    yaml: "an edit of the client's YAML",
    admin: `a later call by ${sources.admin?.by ?? 'an administrator'}`,
    default: 'the default, since no source names the flag any more,',
  };
  return subjects[decidedBy];
}
