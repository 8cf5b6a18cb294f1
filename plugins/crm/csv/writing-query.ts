import Type from 'typebox';
import type { CsvWriting } from './writer.ts';
import { Delimiter } from './format.ts';

/** Query of a route that answers with a file: how it is written. */
export const writingQuery = {
  delimiter: Type.Optional(
    Type.Unsafe<Delimiter>({ ...Delimiter, description: 'What stands between two cells; default `comma`.' }),
  ),
  byte_order_mark: Type.Optional(
    Type.Boolean({
      description: 'True begins the file with one, by which Excel knows UTF-8; default false.',
    }),
  ),
};

/** How a file is written that is asked for so. */
export function writingOf(query: {
  readonly delimiter?: Delimiter | undefined;
  readonly byte_order_mark?: boolean | undefined;
}): CsvWriting {
  return { delimiter: query.delimiter, byteOrderMark: query.byte_order_mark };
}
