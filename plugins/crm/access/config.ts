import Type from 'typebox';
import type { Static } from 'typebox';

const fieldNames = (description: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { maxItems: 200, default: [], description });

/** What a role may see and write of one kind of record. */
export const AccessRule = Type.Object(
  {
    records: Type.Unsafe<'all' | 'team' | 'own'>({
      type: 'string',
      enum: ['all', 'team', 'own'],
      default: 'all',
      description:
        'Which records: all, those of the caller and its teams, or its own; leads see those of the teams they lead.',
    }),
    hidden: fieldNames('Fields that the role does not learn of.'),
    read_only: fieldNames('Fields that the role may read and not write.'),
  },
  { additionalProperties: false },
);
export type AccessRule = Static<typeof AccessRule>;

/** Rules of one role, by the plural of the kind; a kind without one is open. */
export const RoleAccess = Type.Record(Type.String({ pattern: '^[a-z_]+$' }), AccessRule, { default: {} });
export type RoleAccess = Static<typeof RoleAccess>;

/** `access` of the plugin's configuration: rules by role; administrators see and write everything. */
export const AccessConfig = Type.Object(
  {
    viewer: Type.Optional(RoleAccess),
    operator: Type.Optional(RoleAccess),
  },
  { additionalProperties: false, default: {}, description: 'Who sees which records and fields.' },
);
export type AccessConfig = Static<typeof AccessConfig>;
