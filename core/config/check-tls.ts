import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { FaultReport } from './faults.ts';
import type { Server } from './sections/server.ts';
import { reasonOf } from './source/read-file.ts';
import type { Place } from './source/tree.ts';

type Tls = NonNullable<Server['tls']>;
type TlsKey = keyof Tls;

/** Faults of the certificate and its key: files that cannot be read, are no PEM, or do not belong together. */
export async function tlsFaults(tls: Tls, placeOf: (key: TlsKey) => Place): Promise<FaultReport[]> {
  const faults: FaultReport[] = [];
  const read = async (key: TlsKey): Promise<Buffer | undefined> => {
    try {
      return await readFile(tls[key]);
    } catch (error) {
      faults.push(unreadable(key, tls, placeOf, error));
      return undefined;
    }
  };
  const cert = await read('cert');
  const key = await read('key');
  const certFits = cert === undefined || isAccepted({ cert });
  const keyFits = key === undefined || isAccepted({ key });
  if (!certFits) faults.push(notPem('cert', tls, placeOf));
  if (!keyFits) faults.push(notPem('key', tls, placeOf));
  if (cert !== undefined && key !== undefined && certFits && keyFits && !isAccepted({ cert, key }))
    faults.push({
      code: 'contradiction',
      place: placeOf('key'),
      path: 'server.tls.key',
      message: 'The key does not belong to the certificate.',
      expected: 'the private key that the certificate was made with',
      found: 'another key',
      remedy: 'Name the key of the same pair; in a chain the own certificate stands first.',
    });
  return faults;
}

function isAccepted(pair: { readonly cert?: Buffer; readonly key?: Buffer }): boolean {
  try {
    createSecureContext(pair);
    return true;
  } catch {
    return false;
  }
}

function unreadable(key: TlsKey, tls: Tls, placeOf: (key: TlsKey) => Place, error: unknown): FaultReport {
  const { message, remedy } = reasonOf(error);
  return {
    code: 'unreadable',
    place: placeOf(key),
    path: `server.tls.${key}`,
    message: `The file ${tls[key]} cannot be read: ${message}.`,
    expected: 'a readable PEM file',
    found: message,
    remedy,
  };
}

function notPem(key: TlsKey, tls: Tls, placeOf: (key: TlsKey) => Place): FaultReport {
  const what = key === 'cert' ? 'certificate' : 'private key without a passphrase';
  return {
    code: 'unreadable',
    place: placeOf(key),
    path: `server.tls.${key}`,
    message: `The file ${tls[key]} holds no ${what} in PEM form.`,
    expected: `a ${what}, in PEM form`,
    found: 'something else',
    remedy: `Name the PEM file of the ${what}; convert other forms with openssl.`,
  };
}
