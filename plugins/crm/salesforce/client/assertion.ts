import { createPrivateKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Secret } from '@orchestrall/sdk';
import { salesforceError } from '../errors.ts';

/** Who an assertion is about. */
export interface Assertion {
  readonly clientId: string;
  readonly username: string;
  readonly audience: string;
}

/** Life of an assertion, seconds; Salesforce refuses more than three minutes. */
const lifeSeconds = 180;

/** Reads an RSA key in PEM. Throws `SALESFORCE_KEY_INVALID`. */
export function readKey(pem: Secret): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem.reveal());
  } catch {
    // The cause may quote the text, which is secret.
    throw salesforceError('SALESFORCE_KEY_INVALID', {
      reason: 'it is no private key in PEM without a passphrase',
    });
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType === 'rsa' && bits >= 2_048) return key;
  const found = `${key.asymmetricKeyType ?? 'unknown'}${bits === 0 ? '' : ` of ${bits} bits`}`;
  throw salesforceError('SALESFORCE_KEY_INVALID', { reason: `it is ${found}` });
}

/**
 * A JSON Web Token signed with RS256 that claims `iss`, `sub`, `aud` and `exp`
 * (https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_jwt_flow.htm, RFC 7523).
 */
export function signAssertion(
  { clientId, username, audience }: Assertion,
  key: KeyObject,
  nowMs: number,
): string {
  const claims = {
    iss: clientId,
    sub: username,
    aud: audience,
    exp: Math.floor(nowMs / 1_000) + lifeSeconds,
  };
  const text = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
