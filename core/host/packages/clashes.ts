import { emittedTypes } from './manifest/document.ts';
import type { ManifestDocument } from './manifest/document.ts';

/** Something that only one plugin can have. */
export interface Clash {
  readonly code: 'feature_taken' | 'prefix_taken' | 'contract_taken' | 'event_taken';
  readonly reason: string;
  readonly remedy: string;
}

/** What a plugin lays claim to, by kind. */
const claims = [
  {
    code: 'feature_taken',
    what: 'the feature key',
    remedy: 'Change `features` of one of them.',
    of: (manifest: ManifestDocument) => manifest.features,
  },
  {
    code: 'prefix_taken',
    what: 'the URL prefix',
    remedy: 'Change `prefixes` of one of them, or switch one off.',
    of: (manifest: ManifestDocument) => manifest.prefixes,
  },
  {
    code: 'contract_taken',
    what: 'the contract',
    remedy: 'Switch one of them off.',
    of: (manifest: ManifestDocument) => (manifest.provides === null ? [] : [manifest.provides.name]),
  },
  {
    code: 'event_taken',
    what: 'the event',
    remedy: 'Rename the event in one of them.',
    of: emittedTypes,
  },
] as const;

/**
 * Claims that a plugin shares with an earlier one of the list, which keeps them; a plugin that loses one claim
 * holds none. Prefixes clash when they are equal: of nested ones the longer answers.
 */
export function findClashes(manifests: readonly ManifestDocument[]): Map<string, Clash[]> {
  const clashes = new Map<string, Clash[]>();
  const owners = new Map<string, string>();
  for (const manifest of manifests) {
    const found: Clash[] = [];
    const own = claims.flatMap(({ code, what, remedy, of }) =>
      of(manifest).map((claim) => ({ code, remedy, thing: `${what} ${claim}` })),
    );
    for (const { code, remedy, thing } of own) {
      const owner = owners.get(thing);
      if (owner !== undefined)
        found.push({ code, reason: `${thing} belongs to the plugin ${owner}`, remedy });
    }
    if (found.length > 0) clashes.set(manifest.name, found);
    else for (const { thing } of own) owners.set(thing, manifest.name);
  }
  return clashes;
}
