import { Id, Instant, Nullable, textField } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';
import { subjectTypes } from '../records/kind.ts';
import type { SubjectType } from '../records/kind.ts';

/** Longest role, characters. */
export const maxRoleLength = 100;

const roleDescription = 'What the one is to the other, such as `chair` or `decision maker`.';

/** Which kinds of records are associated. */
export const AssociatedKind = Type.Unsafe<SubjectType>({ type: 'string', enum: [...subjectTypes] });

/** A record that is associated with the one whose list it stands in. */
export const Association = Type.Object(
  {
    kind: AssociatedKind,
    id: Id,
    role: Nullable(Type.String({ description: roleDescription })),
    is_primary: Type.Boolean({ description: 'Whether it is a contact and its `company_id`.' }),
    created_at: Nullable(
      Type.String({ ...Instant, description: 'Null where there is the `company_id` alone.' }),
    ),
    record: Type.Record(Type.String(), Type.Unknown(), {
      description: 'The record itself, as its own routes answer it.',
    }),
  },
  { title: 'Association' },
);
export type Association = Static<typeof Association>;

/** What an association is made or changed with. */
export const AssociationInput = Type.Object(
  { role: textField(maxRoleLength, { description: roleDescription }).input },
  { title: 'AssociationInput', additionalProperties: false },
);
