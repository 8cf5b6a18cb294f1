import semver from 'semver';
import type { ManifestDocument } from './manifest/document.ts';

type Need = ManifestDocument['needs'][number];

/** Why a need is not met. */
export interface UnmetNeed {
  readonly code: 'provider_missing' | 'provider_version' | 'provider_off' | 'provider_refused';
  readonly reason: string;
  readonly remedy: string;
}

/** Whether a plugin provides the contract of a need in a version that the need's range holds. */
export function meetsNeed(manifest: ManifestDocument, need: Need): boolean {
  return (
    manifest.provides?.name === need.contract &&
    semver.satisfies(manifest.provides.version, need.range, { includePrerelease: true })
  );
}

/** Why none of the plugins that can run meets a need, or undefined when one does. */
export function explainUnmet(
  need: Need,
  fit: readonly ManifestDocument[],
  all: readonly ManifestDocument[],
  wanted: ReadonlySet<string>,
): UnmetNeed | undefined {
  if (fit.some((manifest) => meetsNeed(manifest, need))) return undefined;
  const what = `needs the contract ${need.contract} ${need.range}`;
  const provider = all.find((manifest) => meetsNeed(manifest, need));
  if (provider !== undefined) {
    const { name } = provider;
    return wanted.has(name)
      ? {
          code: 'provider_refused',
          reason: `${what}, whose plugin ${name} cannot run`,
          remedy: `Correct ${name} first.`,
        }
      : {
          code: 'provider_off',
          reason: `${what}, whose plugin ${name} is off`,
          remedy: `Switch ${name} on.`,
        };
  }
  const other = all.find((manifest) => manifest.provides?.name === need.contract);
  if (other !== undefined) {
    const reason = `${what}, but ${other.name} ${other.version} provides ${other.provides?.version ?? ''}`;
    return { code: 'provider_version', reason, remedy: 'Bring both to versions that fit together.' };
  }
  return {
    code: 'provider_missing',
    reason: `${what}, which no plugin provides`,
    remedy: 'Install a plugin that provides it.',
  };
}
