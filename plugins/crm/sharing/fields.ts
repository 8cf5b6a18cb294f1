import { isObject, kindOf, refused, requiredTextField } from '@orchestrall/sdk/resources';
import type { Field, FieldsOf, JsonObject } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import { ownerFields } from '../fields/owner-fields.ts';

/** With whom something is shared that a user keeps for working with records. */
export const sharings = ['own', 'team', 'everyone'] as const;

/** Longest filter that is kept, characters of its JSON. */
const maxFilterLength = 16_000;

/** The fields of what users keep and share: lists and views. */
export function sharedFields() {
  return {
    name: requiredTextField(200, 'it is found again by it', { description: 'What it is called.' }),
    kind: requiredTextField(50, 'it is about one kind of record', {
      description: 'Kind of the records it is about, such as `contact`; stays as it is.',
    }),
    shared: requiredChoice(
      sharings,
      'Who sees it beside its owner and administrators: nobody, the members of its team, or everyone.',
      'own',
    ),
    ...ownerFields(),
  };
}

/** Their values. */
export type SharedFields = FieldsOf<ReturnType<typeof sharedFields>>;

/** One of these names, never null; one that is left out is `fallback`, if there is one. */
export function requiredChoice<const Choice extends string>(
  choices: readonly Choice[],
  description: string,
  fallback?: Choice,
) {
  const schema = Type.Unsafe<Choice>({ type: 'string', enum: [...choices], description });
  return {
    schema,
    input: fallback === undefined ? schema : Type.Optional(schema),
    type: 'text',
    required: true,
    headers: [],
    read(given: unknown) {
      const chosen = choices.find((choice) => choice === (given ?? fallback));
      return chosen === undefined
        ? refused('', `must be one of ${choices.join(', ')}`)
        : { kept: chosen, faults: [] };
    },
  } satisfies Field;
}

/** The `filter` of a list of records, kept as it was given, or null. */
export function filterField(description: string) {
  const schema = Type.Unsafe<JsonObject | null>({
    type: ['object', 'null'],
    additionalProperties: true,
    description,
  });
  return {
    schema,
    input: Type.Optional(schema),
    type: 'jsonb',
    filterable: false,
    sortable: false,
    headers: [],
    read(given: unknown) {
      if (given === undefined || given === null) return { kept: null, faults: [] };
      if (!isObject(given)) return refused(null, `must be an object or null, is ${kindOf(given)}`);
      const text = JSON.stringify(given);
      if (text.length > maxFilterLength) {
        return refused(null, `must be at most ${maxFilterLength} characters of JSON, is ${text.length}`);
      }
      // PostgreSQL keeps neither, and no field could hold them.
      if (text.includes('\\u0000') || /\\ud[89a-f]/.test(text)) {
        return refused(null, 'must hold neither the character U+0000 nor half of a surrogate pair');
      }
      return { kept: given, faults: [] };
    },
  } satisfies Field;
}
