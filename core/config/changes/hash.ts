import { createHash, createHmac } from 'node:crypto';
import { Secret, secretMask } from '@orchestrall/sdk';
import type { Configuration } from '../configuration.ts';
import { namesSecret } from '../secret-names.ts';
import type { Secrets } from '../secrets.ts';

/**
 * SHA-256 over the canonical JSON of a configuration (keys sorted). A secret enters as `[secret]`, or, where there is
 * a key, as its HMAC-SHA256, so that rotating it gives another hash and guessing it needs the key.
 */
export function hashOf(value: Configuration, secrets: Secrets, hashKey?: string): string {
  const mask = (secret: Secret): string =>
    hashKey === undefined ? secretMask : createHmac('sha256', hashKey).update(secret.reveal()).digest('hex');
  return createHash('sha256')
    .update(JSON.stringify(masked(value, secrets, mask)))
    .digest('hex');
}

/**
 * A configuration as it is written in the YAML, sections of plugins beside those of the core, keys sorted, secrets
 * masked; fit to be shown and stored.
 */
export function masked(
  value: Configuration,
  secrets: Secrets,
  mask: (secret: Secret) => unknown = () => secretMask,
): Record<string, unknown> {
  const { sections, ...core } = value;
  const hide = (item: unknown, path: string): unknown => {
    if (item instanceof Secret) return mask(item);
    if (typeof item === 'string') {
      const secret = secrets.get(path) ?? (namesSecret(lastKey(path)) ? new Secret(item) : undefined);
      return secret === undefined ? item : mask(secret);
    }
    if (Array.isArray(item)) return item.map((entry, index) => hide(entry, `${path}[${index}]`));
    return typeof item === 'object' && item !== null ? hideAll(item, path) : item;
  };
  const hideAll = (items: object, path: string): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(items)
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .map(([key, item]) => [key, hide(item, joined(path, key))]),
    );
  return hideAll({ ...sections, ...core }, '');
}

function lastKey(path: string): string {
  return /[\w-]+$/.exec(path)?.[0] ?? '';
}

function joined(path: string, key: string): string {
  if (!/^[\w-]+$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}
