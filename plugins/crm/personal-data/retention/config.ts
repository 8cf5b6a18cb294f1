import Type from 'typebox';
import type { Static } from 'typebox';

const days = (description: string) => Type.Integer({ minimum: 1, maximum: 36_500, description });
const most = (value: number, maximum: number) =>
  Type.Integer({ minimum: 1, maximum, default: value, description: 'Most that one night takes.' });

/** `retention` of the plugin's configuration; a kind without a rule is kept. */
export const RetentionConfig = Type.Object(
  {
    contacts: Type.Optional(
      Type.Object(
        {
          inactive_days: days('Since the last change of the contact, its timeline and activities about it.'),
          action: Type.Unsafe<'erase' | 'delete'>({
            type: 'string',
            enum: ['erase', 'delete'],
            description:
              'Erase with all that tells of the person, or delete the record and keep its history.',
          }),
          per_night: most(1_000, 100_000),
        },
        { additionalProperties: false },
      ),
    ),
    activities: Type.Optional(
      Type.Object(
        {
          older_than_days: days('Since they took place or were due; open tasks stay.'),
          per_night: most(10_000, 1_000_000),
        },
        { additionalProperties: false },
      ),
    ),
    timeline: Type.Optional(
      Type.Object(
        {
          older_than_days: days('Since the change that an entry of a timeline tells of.'),
          per_night: most(100_000, 10_000_000),
        },
        { additionalProperties: false },
      ),
    ),
  },
  {
    additionalProperties: false,
    default: {},
    description:
      'What is taken away by itself, each night. Never what belongs to an open deal. Imports have `import_retention_days`.',
  },
);
export type RetentionConfig = Static<typeof RetentionConfig>;
