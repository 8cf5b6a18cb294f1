import { Secret, secretMask } from '@orchestrall/sdk';
import type { LoadedConfiguration } from '../load.ts';
import { masked } from '../secrets/masked.ts';
import { revealed } from '../secrets/revealed.ts';
import { namesSecret } from '../secrets/secret-names.ts';

/** One value of a configuration that is no mapping; a list is one value. */
export interface Leaf {
  readonly path: readonly string[];
  /** Canonical JSON of the value itself, secrets included: for comparing and sealing, never for showing. */
  readonly exact: string;
  /** The value, or the mask where it is a secret or holds one. */
  readonly shown: unknown;
  readonly isSecret: boolean;
}

/** The values of a configuration, in the order of their keys. */
export function leavesOf({ value, secrets }: Pick<LoadedConfiguration, 'value' | 'secrets'>): Leaf[] {
  const leaves: Leaf[] = [];
  const visit = (item: unknown, path: readonly string[]): void => {
    if (isMapping(item)) {
      for (const [key, child] of Object.entries(item)) visit(child, [...path, key]);
      return;
    }
    // JSON, in which versions are kept, has no place for it.
    if (item === undefined) return;
    const named = typeof item !== 'boolean' && item !== null && namesSecret(path.at(-1) ?? '');
    const isSecret = named || holdsSecret(item);
    leaves.push({
      path,
      exact: JSON.stringify(revealed(item)),
      shown: isSecret ? secretMask : item,
      isSecret,
    });
  };
  visit(
    masked(value, secrets, (secret) => secret),
    [],
  );
  return leaves;
}

function isMapping(item: unknown): item is object {
  return typeof item === 'object' && item !== null && !Array.isArray(item) && !(item instanceof Secret);
}

function holdsSecret(item: unknown): boolean {
  if (item instanceof Secret) return true;
  return typeof item === 'object' && item !== null && Object.values(item).some(holdsSecret);
}
