import { Instant, choiceField, instantField, textField } from '@orchestrall/sdk/resources';
import type { FieldsOf } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import { ownerFields } from '../fields/owner-fields.ts';
import { tagsField } from '../fields/tags-field.ts';
import { recordsField } from './records-field.ts';
import { typeField } from './type-field.ts';

/** Longest text of an activity, characters: an e-mail with what it answers. */
export const maxBodyLength = 50_000;

/** How far a task is. */
export const taskStatuses = ['open', 'done', 'cancelled'] as const;

/** Longest id and name of an author, characters. */
const maxAuthorLength = 200;

// `q` finds texts, and `occurred_at` and `due_at` order activities: of other columns no index is kept to sort or
// search by.
const unordered = { sortable: false } as const;
const unlisted = { sortable: false, filterable: false } as const;

/** The fields of an activity. */
export const activityFields = {
  type: typeField(),
  subject: textField(500, { description: 'What it is about, in a line.', search: 'words', ...unlisted }),
  body: textField(maxBodyLength, {
    description: 'The text of a note or an e-mail, minutes of a call or meeting, what a task asks for.',
    search: 'words',
    ...unlisted,
  }),
  starts_at: instantField({ description: 'When it took place, or will.', ...unordered }),
  ends_at: instantField({ description: 'When it was over, or will be.', ...unordered }),
  due_at: instantField({ description: 'Until when a task is to be done.' }),
  status: choiceField(taskStatuses, {
    description: 'How far a task is; default `open`. Other activities have none.',
    ...unordered,
  }),
  done_at: instantField({
    description: 'When a task was done; default when its status becomes `done`.',
    ...unordered,
  }),
  reminder_at: instantField({
    description:
      'When `activity.reminder_due` is told, unless it is a task that is done or cancelled by then.',
    ...unordered,
  }),
  direction: choiceField(['inbound', 'outbound'], {
    description: 'Which way a call or an e-mail went.',
    ...unordered,
  }),
  outcome: textField(100, {
    description: 'What came of a call or a meeting, such as `no answer`.',
    ...unordered,
  }),
  records: recordsField(),
  occurred_at: {
    ...instantField({
      description: 'Its place in timelines: `starts_at`, else `due_at`, else `created_at`.',
    }),
    schema: Type.String({
      ...Instant,
      description: 'Its place in timelines: `starts_at`, else `due_at`, else `created_at`.',
    }),
    required: true,
    derived: 'generated',
  },
  author_id: {
    ...textField(maxAuthorLength, { description: 'Id of who created it.', ...unordered }),
    derived: 'kept',
  },
  author_name: {
    ...textField(maxAuthorLength, { description: 'Name of who created it.', ...unlisted }),
    derived: 'kept',
  },
  ...ownerFields(),
  tags: tagsField(),
} as const;

/** Their values. */
export type ActivityFields = FieldsOf<typeof activityFields>;
