import type { Configuration } from '../configuration.ts';
import { difference } from './difference.ts';
import { sectionOf } from '../capabilities/installed.ts';
import type { InstalledPlugins } from '../capabilities/installed.ts';
import type { LoadedConfiguration } from '../load.ts';
import { Secrets } from '../secrets/secrets.ts';

/** Keys of the core that are live and hold text, which may come from a file of secrets. */
const liveTexts = /^(?:logging\.levels?|plugins\.hosts|webhooks)(?![\w-])/;

/**
 * What runs after an edit without a restart: of `next` only what takes effect at once, of `running` all the rest. A
 * plugin's section in which anything needs a restart stays as it was.
 */
export function applyLive(
  running: LoadedConfiguration,
  next: LoadedConfiguration,
  installed: InstalledPlugins = [],
): LoadedConfiguration {
  const held = new Set(
    difference(running, next, installed)
      .filter((changed) => changed.applies === 'restart')
      .map((changed) => sectionIn(changed.path)),
  );
  const sectionNames = new Set([
    ...installed.map(sectionOf),
    ...Object.keys(running.value.sections),
    ...Object.keys(next.value.sections),
  ]);
  const fromNext = (path: string): boolean => sectionNames.has(sectionIn(path)) && !held.has(sectionIn(path));
  const value: Configuration = {
    ...running.value,
    security: { ...running.value.security, rate_limit: next.value.security.rate_limit },
    logging: {
      ...running.value.logging,
      level: next.value.logging.level,
      levels: next.value.logging.levels,
    },
    plugins: { ...running.value.plugins, hosts: next.value.plugins.hosts },
    webhooks: next.value.webhooks,
    features: next.value.features,
    sections: {
      ...pick(running.value.sections, (name) => !fromNext(name)),
      ...pick(next.value.sections, fromNext),
    },
  };
  const secrets = new Secrets();
  const isNew = (path: string): boolean => liveTexts.test(path) || fromNext(path);
  copySecrets(running.secrets, secrets, (path) => !isNew(path));
  copySecrets(next.secrets, secrets, isNew);
  return { ...next, value, secrets };
}

function sectionIn(path: string): string {
  return /^[\w-]+/.exec(path)?.[0] ?? '';
}

function pick(
  sections: Readonly<Record<string, unknown>>,
  wanted: (name: string) => boolean,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(sections).filter(([name]) => wanted(name)));
}

function copySecrets(from: Secrets, to: Secrets, wanted: (path: string) => boolean): void {
  for (const path of from.paths()) {
    const secret = wanted(path) ? from.get(path) : undefined;
    if (secret !== undefined) to.add(path, secret);
  }
}
