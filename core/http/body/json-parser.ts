import type { Fault } from '@orchestrall/sdk';
import type { FastifyInstance } from 'fastify';
import { ValidationError } from './validator.ts';

/**
 * Parses JSON bodies as Fastify does, and refuses the character U+0000 in texts: PostgreSQL cannot store it, and no
 * schema says so.
 */
export function parseJsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = body.toString();
    void parse(request, text, (error, value) => {
      // Escaped in nearly no body, so nearly none is searched.
      const faults = error === null && text.includes(escapedNull) ? nullFaults(value, '') : [];
      if (faults.length > 0) done(new ValidationError(faults));
      else done(error, value);
    });
  });
}

const escapedNull = String.raw`\u0000`;
const message = 'must not contain the character U+0000';

function nullFaults(value: unknown, path: string): Fault[] {
  if (typeof value === 'string') return value.includes('\0') ? [{ path, message }] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]: [string, unknown]) => {
    const at = `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    return key.includes('\0')
      ? [{ path, message: `has a field whose name ${message}` }]
      : nullFaults(item, at);
  });
}
