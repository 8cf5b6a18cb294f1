import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { coreError } from '../../errors.ts';
import { messageOf } from '../../telemetry/error-message.ts';

/** Paths of a certificate, with its chain, and of its key, both in PEM. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** A certificate and its key as TLS takes them, and what may be said of them. */
export interface Certificate {
  readonly files: { readonly cert: Buffer; readonly key: Buffer };
  readonly validUntil: Date;
  /** Fingerprint, in pairs of hexadecimal digits joined by colons. */
  readonly sha256: string;
}

/** Reads certificate and key. Throws `CERTIFICATE_UNUSABLE` when one cannot be read or they are not a pair. */
export async function readCertificate(paths: CertificateFiles): Promise<Certificate> {
  const [cert, key] = await Promise.all([readPem(paths.cert), readPem(paths.key)]);
  try {
    createSecureContext({ cert, key });
    const { validTo, fingerprint256: sha256 } = new X509Certificate(cert);
    return { files: { cert, key }, validUntil: new Date(validTo), sha256 };
  } catch (error) {
    throw unusable(`${paths.cert} with ${paths.key}`, error);
  }
}

async function readPem(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw unusable(path, error);
  }
}

function unusable(file: string, error: unknown): Error {
  const reason = messageOf(error);
  return coreError('CERTIFICATE_UNUSABLE', { file, reason }, error);
}
