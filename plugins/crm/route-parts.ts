import type { Readable } from 'node:stream';
import type { HttpRequest } from '@orchestrall/sdk';
import { callerOf } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Actor } from './contract.ts';

/** An answer that is a streamed CSV file. */
export const CsvFile = {
  description: 'The file, streamed.',
  content: { 'text/csv': { schema: Type.Unsafe<Readable>({ type: 'string' }) } },
};

/** Longest run of a route that streams a file, milliseconds. */
export const streamTimeoutMs = 6 * 3_600_000;

/** On whose behalf a request is made. */
export function actorOf(request: Pick<HttpRequest, 'caller'>): Actor {
  const { id, name } = callerOf(request);
  return { id, name };
}
