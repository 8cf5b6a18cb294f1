import { createHash, createHmac } from 'node:crypto';
import type { Secret } from '@orchestrall/sdk';
import type { LoadedConfiguration } from '../load.ts';
import { masked } from '../secrets/masked.ts';

/**
 * SHA-256 over the canonical JSON of a configuration (keys sorted), hexadecimal. A secret enters as its HMAC-SHA256
 * under `key`: rotating it gives another hash, and guessing it by the hash needs the key.
 */
export function hashOf(
  { value, secrets }: Pick<LoadedConfiguration, 'value' | 'secrets'>,
  key: Secret,
): string {
  const seal = (secret: Secret): string =>
    createHmac('sha256', key.reveal()).update(secret.reveal()).digest('hex');
  return createHash('sha256')
    .update(JSON.stringify(masked(value, secrets, seal)))
    .digest('hex');
}
