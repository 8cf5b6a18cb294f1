import { registerAjvFormats } from '@fastify/type-provider-typebox';
import type { Fault } from '@orchestrall/sdk';
import type { FastifySchemaCompiler } from 'fastify';
import { Settings } from 'typebox/system';
import { Compile } from 'typebox/compile';
import type { TLocalizedValidationError } from 'typebox/error';
import type { TSchema } from 'typebox';

registerAjvFormats();
Settings.Set({ maxErrors: 100 });

/** A refused part of a request, with every faulty field. */
export class ValidationError extends Error {
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super('the request has faulty fields');
    this.name = 'ValidationError';
    this.faults = faults;
  }
}

/**
 * Compiles a route's schemas with TypeBox. Texts of query, params and headers are converted to the declared type and
 * defaults filled in; bodies are taken as they are, defaults apart. Up to 100 faults are reported.
 */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = Compile(schema);
  const convert = httpPart !== 'body';
  return (input: unknown) => {
    // Query and params come without a prototype, which TypeBox's converters would keep; both are small.
    const plain = convert && typeof input === 'object' && input !== null ? { ...input } : input;
    const value = validator.Default(convert ? keepWords(input, validator.Convert(plain)) : plain);
    if (validator.Check(value)) return { value };
    const errors = validator.Errors(value);
    return { error: new ValidationError(faultsOf(errors, httpPart ?? 'body')) };
  };
};

/** Takes back the conversion of words to numbers: TypeBox reads `true` as 1. */
function keepWords(given: unknown, converted: unknown): unknown {
  if (!isRecord(given) || !isRecord(converted)) return converted;
  const words = Object.entries(given).filter(
    ([name, text]) =>
      typeof converted[name] === 'number' && typeof text === 'string' && !/^[+-]?[\d.]/.test(text),
  );
  return words.length === 0 ? converted : { ...converted, ...Object.fromEntries(words) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function faultsOf(errors: readonly TLocalizedValidationError[], part: string): Fault[] {
  const faults = new Map<string, Fault>();
  for (const error of errors) {
    const at = part === 'body' ? error.instancePath : `/${part}${error.instancePath}`;
    for (const fault of expand(error, at)) faults.set(`${fault.path}\n${fault.message}`, fault);
  }
  return [...faults.values()];
}

/** One fault per missing or unknown property, so that each names its own field. */
function expand(error: TLocalizedValidationError, at: string): Fault[] {
  if (error.keyword === 'required') {
    return error.params.requiredProperties.map((name) => ({
      path: `${at}/${escape(name)}`,
      message: 'is required',
    }));
  }
  if (error.keyword === 'additionalProperties') {
    return error.params.additionalProperties.map((name) => ({
      path: `${at}/${escape(name)}`,
      message: 'is not a known field',
    }));
  }
  if (error.keyword === 'unevaluatedProperties') {
    return error.params.unevaluatedProperties.map((name) => ({
      path: `${at}/${escape(String(name))}`,
      message: 'is not a known field',
    }));
  }
  if (error.keyword === 'enum') {
    return [
      {
        path: at,
        message: `must be one of ${error.params.allowedValues.map((value) => JSON.stringify(value)).join(', ')}`,
      },
    ];
  }
  // The general complaint of a closed object; its fields have faults of their own.
  if (error.keyword === 'boolean') return [];
  return [{ path: at, message: error.message }];
}

function escape(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
