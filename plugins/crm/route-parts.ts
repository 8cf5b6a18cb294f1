import type { Readable } from 'node:stream';
import Type from 'typebox';

/** An answer that is a streamed CSV file. */
export const CsvFile = {
  description: 'The file, streamed.',
  content: { 'text/csv': { schema: Type.Unsafe<Readable>({ type: 'string' }) } },
};

/** Longest run of a route that streams a file, milliseconds. */
export const streamTimeoutMs = 6 * 3_600_000;
