import type { Readable } from 'node:stream';
import type { HttpRequest } from '@orchestrall/sdk';
import Type from 'typebox';
import type { Actor } from './contract.ts';
import { Id } from './fields/schemas.ts';

/** Path parameters of a route about one record. */
export const IdParams = Type.Object({ id: Id });

/** Headers of a change that may be held to a version. */
export const VersionHeaders = Type.Object({
  'if-match': Type.Optional(
    Type.String({ description: 'ETag of the version to change, such as "3"; others are refused with 412.' }),
  ),
});

/** An answer without a body. */
export const Nothing = Type.Unsafe<undefined>({ type: 'null', description: 'Done; no body.' });

/** An answer that is a streamed CSV file. */
export const CsvFile = {
  description: 'The file, streamed.',
  content: { 'text/csv': { schema: Type.Unsafe<Readable>({ type: 'string' }) } },
};

/** Longest run of a route that streams a file, milliseconds. */
export const streamTimeoutMs = 6 * 3_600_000;

/** On whose behalf a request is made; these routes have no access rule that lets a stranger in. */
export function actorOf(request: HttpRequest): Actor {
  const { caller } = request;
  if (caller === undefined) throw new TypeError('a route that writes needs an access rule');
  return { id: caller.id, name: caller.name };
}
