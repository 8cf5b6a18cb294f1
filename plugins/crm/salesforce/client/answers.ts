import Type from 'typebox';
import type { Static, TSchema } from 'typebox';
import { Check } from 'typebox/value';

/**
 * One error as the REST API tells it
 * (https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm).
 */
export interface ApiFault {
  readonly code: string;
  readonly message: string;
}

const ApiErrors = Type.Array(Type.Object({ errorCode: Type.String(), message: Type.String() }), {
  minItems: 1,
});
const SaveErrors = Type.Array(Type.Object({ statusCode: Type.String(), message: Type.String() }), {
  minItems: 1,
});
const OAuthError = Type.Object({ error: Type.String(), error_description: Type.Optional(Type.String()) });

/** The first error that a body tells, in any of the forms of the REST, collections and OAuth answers. */
export function readFault(body: unknown): ApiFault | undefined {
  if (Check(ApiErrors, body)) return faultOf(body[0]?.errorCode, body[0]?.message);
  if (Check(SaveErrors, body)) return faultOf(body[0]?.statusCode, body[0]?.message);
  if (Check(OAuthError, body)) return faultOf(body.error, body.error_description);
  return undefined;
}

/** A message of Salesforce may quote what was sent; its first line, bounded, is enough to act on. */
function faultOf(code: string | undefined, message: string | undefined): ApiFault {
  const [line = ''] = (message ?? '').split('\n');
  return { code: (code ?? '').slice(0, 100), message: line.slice(0, 500) };
}

/** Whether the same write may succeed later, since it met another one at the record. */
export function isBusy(code: string): boolean {
  return code === 'UNABLE_TO_LOCK_ROW';
}

/** Whether the record that was to be written is no longer there. */
export function isGone(code: string): boolean {
  return ['ENTITY_IS_DELETED', 'NOT_FOUND'].includes(code);
}

/** The body when it has the form; undefined otherwise. */
export function checked<Schema extends TSchema>(schema: Schema, body: unknown): Static<Schema> | undefined {
  return Check(schema, body) ? body : undefined;
}
