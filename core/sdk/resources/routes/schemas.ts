import Type from 'typebox';
import type { TObject, TProperties, TSchema } from 'typebox';
import { Id, Nullable } from '../fields/schemas.ts';
import { relatedSchemas } from '../relations/relation.ts';
import type { Relation } from '../relations/relation.ts';

/** Path parameters of a route about one record. */
export const IdParams = Type.Object({ id: Id });

/** An answer without a body. */
export const Nothing = Type.Unsafe<undefined>({ type: 'null', description: 'Done; no body.' });

/** Headers of a change. */
export const ChangeHeaders = Type.Object({
  prefer: Type.Optional(
    Type.String({ description: '`return=minimal` leaves the changed record out of the answer.' }),
  ),
});

/** Headers of a change that is held to a version; `required` refuses it without one. */
export function versionHeaders(required: boolean) {
  const unless = required ? 'without it the change is refused with 428' : 'without it any version is changed';
  return Type.Object({
    ...ChangeHeaders.properties,
    'if-match': Type.Optional(
      Type.String({
        description: `ETag of the version to change, such as "3"; others are refused with 412, ${unless}.`,
      }),
    ),
  });
}

/** Headers of a read that may be answered with 304. */
export const ReadHeaders = Type.Object({
  'if-none-match': Type.Optional(
    Type.String({ description: 'ETag of the version at hand; 304 while it is the current one.' }),
  ),
});

/** A page of items. */
export function PageOf<Item extends TSchema>(item: Item) {
  return Type.Object({
    items: Type.Array(item),
    next_cursor: Nullable(
      Type.String({ description: 'Give it back in `cursor` to read on; null at the end.' }),
    ),
    count: Type.Optional(
      Type.Object({
        value: Type.Integer({ minimum: 0 }),
        estimated: Type.Boolean({
          description: 'Whether it is an estimate, as of lists of more than 10,000.',
        }),
      }),
    ),
  });
}

/** A record as it is answered: `fields` leaves parts of it out, and so may what the caller's role sees. */
export function answerOf(record: TObject, relations: readonly Relation[] = []): TObject {
  const whole = Object.entries(record.properties);
  const optional = whole.map(([name, schema]) =>
    name === 'id' || name === 'version' ? [name, schema] : [name, Type.Optional(schema)],
  );
  const included = relatedSchemas(relations).map(([name, schema]) => [name, Type.Optional(schema)]);
  const properties: TProperties = Object.fromEntries([...optional, ...included]);
  return Type.Object(properties, 'title' in record ? { title: String(record.title) } : {});
}
