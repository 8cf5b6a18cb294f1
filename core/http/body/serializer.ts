import type { FastifySerializerCompiler } from 'fastify';
import { Compile } from 'typebox/compile';
import type { TSchema } from 'typebox';

/**
 * Writes answers with JSON.stringify, so that a field missing in the schema is not dropped in silence as Fastify's
 * default would. With `check` an answer that differs from its schema fails, naming the place.
 */
export function compileSerializer(check: boolean): FastifySerializerCompiler<TSchema> {
  return ({ schema, method, url, httpStatus }) => {
    if (!check) return (data) => JSON.stringify(data);
    const validator = Compile(schema);
    return (data) => {
      const text = JSON.stringify(data);
      const [first] = validator.Errors(JSON.parse(text));
      if (first === undefined) return text;
      throw new TypeError(
        `${method} ${url} answers ${httpStatus} with ${first.instancePath || '/'}: ${first.message}`,
      );
    };
  };
}
