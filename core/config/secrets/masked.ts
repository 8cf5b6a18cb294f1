import { Secret, secretMask } from '@orchestrall/sdk';
import type { Configuration } from '../configuration.ts';
import { renderPath } from '../source/tree.ts';
import type { Path } from '../source/tree.ts';
import { namesSecret } from './secret-names.ts';
import type { Secrets } from './secrets.ts';

/**
 * A configuration as it is written in the YAML, sections of plugins beside those of the core, keys sorted, secrets
 * masked; fit to be shown and stored.
 */
export function masked(
  value: Configuration,
  secrets: Secrets,
  mask: (secret: Secret) => unknown = () => secretMask,
): Record<string, unknown> {
  const hide = (item: unknown, path: Path): unknown => {
    if (item instanceof Secret) return mask(item);
    if (typeof item === 'string' || typeof item === 'number') {
      const secret =
        secrets.get(renderPath(path)) ?? (namesSecret(lastKey(path)) ? new Secret(String(item)) : undefined);
      return secret === undefined ? item : mask(secret);
    }
    if (Array.isArray(item)) return item.map((entry, index) => hide(entry, [...path, index]));
    return typeof item === 'object' && item !== null ? hideAll(item, path) : item;
  };
  const hideAll = (items: object, path: Path): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(items)
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .map(([key, item]) => [key, hide(item, [...path, key])]),
    );
  const { sections, ...core } = value;
  return hideAll({ ...sections, ...core }, []);
}

/** The key that a value stands under; that of the list for an item of one. */
function lastKey(path: Path): string {
  return path.findLast((segment) => typeof segment === 'string') ?? '';
}
