import type { Fault } from '@orchestrall/sdk';
import type { FastifyInstance } from 'fastify';
import { isNestedDeeper } from './json-depth.ts';
import { ValidationError } from './validator.ts';

/** A JSON merge patch (https://www.rfc-editor.org/rfc/rfc7396) is read as the JSON that it is. */
const jsonTypes = ['application/json', 'application/merge-patch+json'];

/**
 * Parses JSON bodies as Fastify does, and refuses what no schema speaks of: nesting of more than 100 levels, which would
 * end the validation by a full stack, and texts that PostgreSQL cannot store, those with the character U+0000 and those
 * with half of a surrogate pair, which are no Unicode.
 */
export function parseJsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser(jsonTypes, { parseAs: 'string' }, (request, body, done) => {
    const text = body.toString();
    if (isNestedDeeper(text, maxDepth)) {
      done(new ValidationError([{ path: '', message: tooDeep }]));
      return;
    }
    void parse(request, text, (error, value) => {
      const faults = error === null && suspicious.test(text) ? textFaults(value, '') : [];
      if (faults.length > 0) done(new ValidationError(faults.slice(0, maxFaults)));
      else done(error, value);
    });
  });
}

const maxFaults = 100;
/** Lists and objects within each other. */
const maxDepth = 100;
const tooDeep = `must not be nested more than ${maxDepth} levels deep; send a flatter structure`;
/** Such characters come into a body as escapes only, and those stand in nearly none, so nearly none is searched. */
const suspicious = /\\u(?:0000|[dD][89a-fA-F])/;

function textFaults(value: unknown, path: string): Fault[] {
  if (typeof value === 'string') {
    const message = faultOf(value);
    return message === undefined ? [] : [{ path, message }];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]: [string, unknown]) => {
    const at = `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const message = faultOf(key);
    return message === undefined
      ? textFaults(item, at)
      : [{ path, message: `has a field whose name ${message}` }];
  });
}

function faultOf(text: string): string | undefined {
  if (text.includes('\0')) return 'must not hold the character U+0000; remove it';
  return text.isWellFormed() ? undefined : 'must not hold half of a surrogate pair; send whole characters';
}
