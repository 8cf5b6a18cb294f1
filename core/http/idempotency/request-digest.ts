import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { pathOf } from '../errors/problem.ts';

/** SHA-256 over caller, method, path and key: under it a request finds its earlier answer, and nobody else's. */
export function requestIdentity(
  request: Pick<FastifyRequest, 'method' | 'url'>,
  callerId: string,
  key: string,
): Buffer {
  return sha256([callerId, request.method, pathOf(request.url), key]);
}

/**
 * SHA-256 over query and body, by which a repeat is told from another request. JSON counts by its values, whatever its
 * spaces and the order of its fields. A body that the handler reads as a stream counts by its length and type only,
 * since it has not come in yet.
 */
export function requestDigest({
  url,
  body,
  headers,
}: Pick<FastifyRequest, 'url' | 'body' | 'headers'>): Buffer {
  const query = url.slice(pathOf(url).length);
  if (Buffer.isBuffer(body)) return sha256([query, 'bytes', body]);
  const isUnread = body === undefined || body === null || isStream(body);
  if (!isUnread) return sha256([query, 'json', JSON.stringify(body, inOrder)]);
  return sha256([query, 'unread', headers['content-length'] ?? '', headers['content-type'] ?? '']);
}

/** Each part is preceded by its length, so that no two lists of parts give the same bytes. */
function sha256(parts: readonly (string | Buffer)[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest();
}

function isStream(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'pipe' in body && typeof body.pipe === 'function';
}

function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}
