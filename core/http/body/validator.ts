import { registerAjvFormats } from '@fastify/type-provider-typebox';
import type { Fault } from '@orchestrall/sdk';
import type { FastifySchemaCompiler } from 'fastify';
import { Settings } from 'typebox/system';
import { Compile } from 'typebox/compile';
import type { TSchema } from 'typebox';
import { faultsOf, maxErrors } from './faults.ts';

registerAjvFormats();
Settings.Set({ maxErrors });

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

/** Takes back conversions that give another number than the text names: TypeBox reads `true` and `1.5` as 1. */
function keepWords(given: unknown, converted: unknown): unknown {
  if (!isRecord(given) || !isRecord(converted)) return converted;
  const words = Object.entries(given).filter(
    ([name, text]) =>
      typeof converted[name] === 'number' &&
      typeof text === 'string' &&
      (!/^[+-]?[\d.]/.test(text) || Number(text) !== converted[name]),
  );
  return words.length === 0 ? converted : { ...converted, ...Object.fromEntries(words) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
