import {
  booleanField,
  choiceField,
  instantField,
  integerField,
  referenceField,
  textField,
} from '@orchestrall/sdk/resources';
import type { Field } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import { crmError } from '../../errors.ts';
import { runStatuses } from '../runs/run.ts';
import type { ListedTable } from './listed.ts';

const amount = { minimum: 0, maximum: 2_147_483_647 };
const object = textField(200, { description: 'The object in the outside system, such as `Contact`.' });
const count = (description: string) => integerField(amount, { description });

/** A value as it is kept in JSON. */
function value(description: string): Field {
  return {
    schema: Type.Unknown({ description }),
    input: Type.Optional(Type.Unknown()),
    type: 'jsonb',
    filterable: false,
    sortable: false,
    headers: [],
    read: (given) => ({ kept: given ?? null, faults: [] }),
  };
}

/** Runs of the exchange. */
export const runsTable: ListedTable = {
  name: 'sync_run',
  plural: 'sync_runs',
  table: 'sync_runs',
  note: 'Oldest first; `sort=-created_at` for the newest. Kept for `sync.retention_days`.',
  notFound: (id) => crmError('SYNC_RUN_NOT_FOUND', { id }),
  fields: {
    status: choiceField(runStatuses, { description: 'How far it is; the last three are its end.' }),
    is_load: booleanField({ description: 'Whether everything is loaded anew.' }),
    requested_by: textField(200, { description: 'Id of who started it; null for the schedule.' }),
    code: textField(100, { description: 'Code of what ended it, or lets it wait.' }),
    error: {
      ...textField(10_000, { description: 'The same in words.' }),
      filterable: false,
      sortable: false,
    },
    failures: value('Objects that were refused while the others went on, each with `code` and `reason`.'),
    wait_until: instantField({ description: 'When a run that waits goes on.' }),
    records_created: count('Records made here.'),
    records_updated: count('Records changed here.'),
    records_deleted: count('Records deleted here.'),
    records_given: count('Records written in the outside system.'),
    records_rejected: count('Records that could not be taken or given, whole or in part.'),
    conflicts: count('Conflicts that were found.'),
    started_at: instantField({ description: 'When its job began.' }),
    finished_at: instantField({ description: 'When it ended.' }),
  },
};

/** What could not be taken or given. */
export const rejectionsTable: ListedTable = {
  name: 'sync_rejection',
  plural: 'sync_rejections',
  table: 'sync_rejections',
  note: 'What could not be taken or given, with the reason. Gone once it could.',
  notFound: (id) => crmError('SYNC_REJECTION_NOT_FOUND', { id }),
  fields: {
    direction: choiceField(['pull', 'push'], {
      description: '`pull` of what was taken, `push` of what was given.',
    }),
    object,
    record_id: textField(200, { description: 'Id there of what was taken, id here of what was given.' }),
    field: textField(200, { description: 'Name of the field here; empty for the whole record.' }),
    reason: { ...textField(10_000, { description: 'Why.' }), filterable: false, sortable: false },
    retry: booleanField({ description: 'Whether the next run tries it again.' }),
  },
};

/** Changes of one thing on both sides. */
export const conflictsTable: ListedTable = {
  name: 'sync_conflict',
  plural: 'sync_conflicts',
  table: 'sync_conflicts',
  note: 'Open ones have no `resolution`: `{"resolution":null}`. Nothing is written over either side until somebody decides.',
  notFound: (id) => crmError('SYNC_CONFLICT_NOT_FOUND', { id }),
  fields: {
    object,
    external_id: textField(200, { description: 'Id there.' }),
    local_id: referenceField({ description: 'Id here.' }),
    field: textField(200, { description: 'Name of the field here; empty for the record itself.' }),
    reason: choiceField(['both_changed', 'deleted_here', 'deleted_there', 'would_lose'], {
      description: 'What happened; `would_lose`: ours would replace more than what was taken of theirs.',
    }),
    local: value('The value here.'),
    remote: value('The value there, in our form.'),
    base: value('What both sides last agreed on.'),
    resolution: choiceField(['remote'], {
      description: '`remote` where the mapping took their side by itself; null while it is open.',
    }),
    decision: choiceField(['local', 'remote'], {
      description: 'Whose side counts, until the next run carries it out.',
    }),
  },
};

/** Records that one side deleted. */
export const deletionsTable: ListedTable = {
  name: 'sync_deletion',
  plural: 'sync_deletions',
  table: 'sync_deletions',
  note: 'Records deleted `there`, and with that here; and `here`, which is told and not carried there.',
  notFound: (id) => crmError('SYNC_DELETION_NOT_FOUND', { id }),
  fields: {
    side: choiceField(['there', 'here'], { description: 'Where somebody deleted it.' }),
    object,
    external_id: textField(200, { description: 'Id there.' }),
    kind: textField(100, { description: 'Kind of record here.' }),
    local_id: referenceField({ description: 'Id here.' }),
  },
};
