import { createHmac } from 'node:crypto';

/**
 * The header `X-Signature`: `t=<seconds since 1970>,v1=<hex>`, where the hexadecimal part is HMAC-SHA-256 over
 * `<t>.<body>` under the webhook's secret, with one `v1` for each secret that is valid. A receiver computes its own over
 * the bytes as they came, accepts any `v1` that is equal, and refuses a `t` that is too old to have been sent just now.
 */
export function signatureHeader(secrets: readonly string[], body: Buffer, atMs: number): string {
  const time = Math.floor(atMs / 1_000);
  const values = secrets.map(
    (secret) => `v1=${createHmac('sha256', secret).update(`${time}.`).update(body).digest('hex')}`,
  );
  return [`t=${time}`, ...values].join(',');
}
