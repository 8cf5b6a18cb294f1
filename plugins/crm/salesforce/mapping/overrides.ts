import Type from 'typebox';
import type { Static } from 'typebox';

/** What an administrator says about one object; what is left out follows the default mapping. */
export const ObjectOverride = Type.Object(
  {
    kind: Type.Optional(Type.String({ description: 'Kind of record here, such as contacts.' })),
    take: Type.Optional(Type.Boolean({ description: 'False leaves the object out.' })),
    push: Type.Optional(
      Type.Union([Type.Literal('none'), Type.Literal('update'), Type.Literal('create_and_update')], {
        description: 'Whether changes made here go back; default none.',
      }),
    ),
    external_id_field: Type.Optional(
      Type.String({
        description: 'Field there, an external id of 36 characters or more, that holds our id.',
      }),
    ),
    fields: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()]), {
        description: 'Field here by field there; null leaves the field out.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type ObjectOverride = Static<typeof ObjectOverride>;

/** Overrides by the name of the object. */
export const MappingOverrides = Type.Record(Type.String(), ObjectOverride);
export type MappingOverrides = Static<typeof MappingOverrides>;
