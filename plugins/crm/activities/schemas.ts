import { Id, bookkeeping, inputsOf, schemasOf } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';
import { searchFilters } from '../fields/schemas.ts';
import { activityFields } from './fields.ts';

/** Something that was done, or is to be done, about records. */
export const Activity = Type.Object(
  { id: Id, ...schemasOf(activityFields), ...bookkeeping },
  { title: 'Activity' },
);
export type Activity = Static<typeof Activity>;

/** What an activity is created with: its type, and a subject or a body. */
export const ActivityInput = Type.Object(inputsOf(activityFields), {
  title: 'ActivityInput',
  additionalProperties: false,
});
export type ActivityInput = Static<typeof ActivityInput>;

/** Filters of the list of activities beside those of every list. */
export const activityFilters = {
  ...searchFilters('subject or text'),
  record_id: Type.Optional(
    Type.String({ ...Id, description: 'Activities about this contact, company or deal.' }),
  ),
};
