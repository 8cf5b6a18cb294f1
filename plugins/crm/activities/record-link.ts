import { Id, Nullable } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';
import { subjectTypes } from '../records/kind.ts';
import type { SubjectType } from '../records/kind.ts';

/** Most records that one activity is about. */
export const maxLinkedRecords = 100;

/** Longest role of a record in an activity, characters. */
export const maxLinkRoleLength = 100;

const kind = Type.Unsafe<SubjectType>({ type: 'string', enum: [...subjectTypes] });
const role = Nullable(
  Type.String({
    maxLength: maxLinkRoleLength,
    description: 'What it is to the activity, such as `organizer`.',
  }),
);

/** A record that an activity is about. */
export const RecordLink = Type.Object({ kind, id: Id, role }, { title: 'ActivityRecord' });
export type RecordLink = Static<typeof RecordLink>;

/** What such a record is given as. */
export const RecordLinkInput = Type.Object(
  { kind, id: Id, role: Type.Optional(role) },
  { title: 'ActivityRecordInput', additionalProperties: false },
);
