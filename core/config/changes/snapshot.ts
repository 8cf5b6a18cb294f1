import { createHmac } from 'node:crypto';
import type { Secret } from '@orchestrall/sdk';
import type { LoadedConfiguration } from '../load.ts';
import { leavesOf } from './leaves.ts';

/** One value of a configuration as it may be stored. */
export interface SnapshotValue {
  readonly path: readonly string[];
  /** The value, or the mask where it is a secret or holds one. */
  readonly shown: unknown;
  /** HMAC-SHA256 of a secret, hexadecimal; null where the value is none. */
  readonly seal: string | null;
}

/** A configuration, value by value, fit to be stored: enough to tell later what differs, and no secret in it. */
export type ConfigurationSnapshot = readonly SnapshotValue[];

/**
 * Takes a snapshot. A seal is made under `key` of the path and the secret: a rotated secret has another one, guessing
 * it by the seal needs the key, and the same secret at two paths does not look the same.
 */
export function snapshotOf(
  loaded: Pick<LoadedConfiguration, 'value' | 'secrets'>,
  key: Secret,
): ConfigurationSnapshot {
  return leavesOf(loaded).map(({ path, exact, shown, isSecret }) => ({
    path,
    shown,
    seal: isSecret
      ? createHmac('sha256', key.reveal())
          .update(JSON.stringify([path, exact]))
          .digest('hex')
      : null,
  }));
}
