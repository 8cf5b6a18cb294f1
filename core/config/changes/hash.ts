import { createHash, createHmac } from 'node:crypto';
import { secretMask } from '@orchestrall/sdk';
import type { Secret } from '@orchestrall/sdk';
import type { Configuration } from '../configuration.ts';
import { masked } from '../secrets/masked.ts';
import type { Secrets } from '../secrets/secrets.ts';

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
