import type { Configuration } from '../../config/configuration.ts';
import type { InstalledPlugins } from '../../config/capabilities/installed.ts';
import { levelOfWord } from '../../telemetry/levels.ts';
import type { Logs } from '../../telemetry/logs.ts';

type LevelWord = Configuration['logging']['level'];
type Level = NonNullable<Parameters<Logs['setLevel']>[1]>;

/** The YAML's words, in those of the log lines. */
const levels: Readonly<Record<LevelWord, Level>> = { ...levelOfWord, silent: 'CRITICAL' };

/** Brings every logger to the level of the configuration; one that it does not name inherits. */
export function applyLevels(logs: Logs, { logging }: Configuration, installed: InstalledPlugins): void {
  const plugins = installed.map(({ name }) => name);
  const wanted = new Map<string, Level>([['', levels[logging.level]]]);
  for (const [name, level] of Object.entries(logging.levels)) {
    wanted.set(plugins.includes(name) ? `plugin.${name}` : `core.${name}`, levels[level]);
  }
  for (const name of logs.levels().keys()) if (!wanted.has(name)) logs.setLevel(name, undefined);
  for (const [name, level] of wanted) logs.setLevel(name, level);
}
