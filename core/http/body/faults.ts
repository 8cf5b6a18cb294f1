import type { Fault } from '@orchestrall/sdk';
import type { TLocalizedValidationError } from 'typebox/error';

/** Errors that TypeBox is to look for before it stops: one member of a union is one error. */
export const maxErrors = 1_000;
const maxFaults = 100;

/** Errors of a schema that complain about fields by name; each field gets a fault of its own. */
const fieldKeywords = new Set(['required', 'additionalProperties', 'unevaluatedProperties']);

/**
 * What a caller is told of TypeBox's errors in one part of a request: one fault per missing or unknown field, and one
 * for everything else that is wrong at a place. A value that fits no constant or no member of a union gets
 * `must be one of: a, b, c`. Paths are JSON pointers, below `/querystring`, `/params` or `/headers` outside a body. At most 100 faults.
 */
export function faultsOf(errors: readonly TLocalizedValidationError[], part: string): Fault[] {
  const root = part === 'body' ? '' : `/${part}`;
  const faults = new Map<string, Fault>();
  const add = (path: string, message: string): void =>
    void faults.set(`${path}\n${message}`, { path, message });
  const places = Map.groupBy(errors, ({ instancePath }) => root + instancePath);
  // The search may have ended amid the members of a union, which would then be listed in part.
  const last = errors.at(-1);
  if (errors.length >= maxErrors && places.size > 1) places.delete(root + (last?.instancePath ?? ''));
  for (const [path, here] of places) {
    for (const error of here) {
      for (const [name, message] of fieldsOf(error)) add(`${path}/${escape(name)}`, message);
    }
    for (const message of messagesOf(here.filter(({ keyword }) => !fieldKeywords.has(keyword)))) {
      add(path, message);
    }
  }
  return [...faults.values()].slice(0, maxFaults);
}

function fieldsOf(error: TLocalizedValidationError): (readonly [name: string, message: string])[] {
  switch (error.keyword) {
    case 'required':
      return error.params.requiredProperties.map((name) => [name, 'is required']);
    case 'additionalProperties':
      return error.params.additionalProperties.map((name) => [name, unknownField]);
    case 'unevaluatedProperties':
      return error.params.unevaluatedProperties.map((name) => [String(name), unknownField]);
    default:
      return [];
  }
}

const unknownField = 'is not a known field';

/** What is wrong with the value at one place, apart from its fields. */
function messagesOf(errors: readonly TLocalizedValidationError[]): string[] {
  const union = errors.some(({ keyword }) => keyword === 'anyOf');
  const values = errors.flatMap(valuesOf);
  // A constant may state its type as well.
  const constants = new Set(errors.filter((error) => valuesOf(error).length > 0).map(placeOf));
  const types = errors.flatMap((error) =>
    error.keyword === 'type' && !constants.has(placeOf(error)) ? [error.params.type].flat() : [],
  );
  const bounds = errors
    .filter(({ keyword }) => !['anyOf', 'const', 'enum', 'type', 'boolean'].includes(keyword))
    .map(({ message }) => message);
  if (!union && values.length === 0) {
    return [...errors.filter(({ keyword }) => keyword === 'type').map(({ message }) => message), ...bounds];
  }
  // The value has the type of a member that only its bounds refuse: the other members are none of its concern.
  if (values.length === 0 && bounds.length > 0) return bounds;
  const choices = new Set([...values.map(written), ...types]);
  if (choices.size === 0) return union ? ['fits none of the forms that are accepted here'] : [];
  const [only] = choices;
  const choice = choices.size === 1 ? `must be ${only}` : `must be one of: ${[...choices].join(', ')}`;
  return bounds.length === 0 ? [choice] : [[choice, ...bounds].join(', or ')];
}

function valuesOf(error: TLocalizedValidationError): unknown[] {
  if (error.keyword === 'const') return [error.params.allowedValue];
  return error.keyword === 'enum' ? error.params.allowedValues : [];
}

function placeOf({ schemaPath }: TLocalizedValidationError): string {
  return schemaPath;
}

/** A value as a person would type it; texts that would be taken for something else stand in quotes. */
function written(value: unknown): string {
  return typeof value === 'string' &&
    /^[^\s,"]+$/.test(value) &&
    !/^(?:[\d.+-].*|true|false|null)$/.test(value)
    ? value
    : JSON.stringify(value);
}

function escape(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
