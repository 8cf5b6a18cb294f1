import { randomBytes } from 'node:crypto';
import type { Seal } from '../../database/seal.ts';

/** A new secret: 256 random bits, with a beginning by which scanners of source code know it. */
export function createSecret(): string {
  return `whsec_${randomBytes(32).toString('base64url')}`;
}

/** What of a webhook is sealed in its row. */
export interface SealedColumns {
  readonly id: string;
  readonly sealed_headers: Uint8Array | null;
  readonly sealed_secret: Uint8Array;
  readonly former_secret: Uint8Array | null;
}

/** What goes out with messages of a webhook. */
export interface Opened {
  /** The current one first, then the former one while it is valid. */
  readonly secrets: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
}

/** Seals a secret for a webhook's row. */
export function sealSecret(seal: Seal, id: string, secret: string): Buffer {
  return seal.close(secret, `webhook ${id} secret`);
}

/** Seals headers for a webhook's row; null when there are none. */
export function sealHeaders(
  seal: Seal,
  id: string,
  headers: Readonly<Record<string, string>>,
): Buffer | null {
  if (Object.keys(headers).length === 0) return null;
  return seal.close(JSON.stringify(headers), `webhook ${id} headers`);
}

/** Opens a sealed secret of a webhook. Throws `SEAL_BROKEN`. */
export function openSecret(seal: Seal, id: string, sealed: Uint8Array): string {
  return seal.open(sealed, `webhook ${id} secret`);
}

/** Opens what is sealed in a row. Throws `SEAL_BROKEN`. */
export function openSealed(seal: Seal, row: SealedColumns): Opened {
  const sealed = [row.sealed_secret, ...(row.former_secret === null ? [] : [row.former_secret])];
  return {
    secrets: sealed.map((each) => openSecret(seal, row.id, each)),
    headers: row.sealed_headers === null ? {} : openHeaders(seal, row.id, row.sealed_headers),
  };
}

function openHeaders(seal: Seal, id: string, sealed: Uint8Array): Record<string, string> {
  const value: unknown = JSON.parse(seal.open(sealed, `webhook ${id} headers`));
  if (typeof value !== 'object' || value === null) throw new TypeError('the sealed headers are no object');
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]));
}
