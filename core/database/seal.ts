import type { Secret } from '@orchestrall/sdk';
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { databaseError } from './errors.ts';

const version = 1;
const ivBytes = 12;
const tagBytes = 16;

/** Encrypts what is stored, so that a copy of the database alone gives no keys away. */
export interface Seal {
  /** Encrypts a text; `name` is bound to it, so that sealed values cannot be swapped. */
  close(text: string, name: string): Buffer;
  /** Throws `SEAL_BROKEN` when the key is another, the name differs, or the bytes were changed. */
  open(sealed: Uint8Array, name: string): string;
}

/**
 * Creates a seal by AES-256-GCM; its key is derived from the secret and the purpose by HKDF-SHA-256 (RFC 5869), so that
 * what is sealed for one purpose opens for no other.
 * Form: version (1 byte), nonce (12), tag (16), cipher text. The secret must have 16 characters or more.
 */
export function createSeal(secret: Secret, purpose: 'auth keys at rest' | 'webhook secrets at rest'): Seal {
  if (secret.reveal().length < 16) throw new TypeError('the appliance key needs 16 characters or more');
  const key = Buffer.from(hkdfSync('sha256', secret.reveal(), 'orchestrall', purpose, 32));
  return {
    close(text, name) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(name));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([Buffer.from([version]), iv, cipher.getAuthTag(), body]);
    },
    open(sealed, name) {
      try {
        const bytes = Buffer.from(sealed);
        if (bytes[0] !== version) throw new TypeError(`unknown form ${bytes[0]}`);
        const iv = bytes.subarray(1, 1 + ivBytes);
        const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes });
        decipher.setAAD(Buffer.from(name)).setAuthTag(bytes.subarray(1 + ivBytes, 1 + ivBytes + tagBytes));
        const body = bytes.subarray(1 + ivBytes + tagBytes);
        return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
      } catch (cause) {
        throw databaseError('SEAL_BROKEN', undefined, cause);
      }
    },
  };
}
