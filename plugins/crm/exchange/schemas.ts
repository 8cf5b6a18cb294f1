import { Id, Instant, Nullable } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';
import { MappingOverrides } from '../salesforce/mapping/overrides.ts';
import { runStatuses } from './runs/run.ts';
import type { RunStatus } from './runs/run.ts';

const status = Type.Unsafe<RunStatus>({ type: 'string', enum: [...runStatuses] });
const anything = Type.Unknown();

/** How far one object is. */
const ObjectStatus = Type.Object({
  object: Type.String(),
  kind: Type.String(),
  phase: Type.String({ description: '`reading` or `sweeping` while it is loaded, then `done`.' }),
  loaded_from: Type.String({ ...Instant, description: 'When its last load began, by the clock there.' }),
  changed_since: Type.String({ ...Instant, description: 'Changes before it are in.' }),
  deleted_since: Type.String({ ...Instant, description: 'Deletions before it are in.' }),
  lag_seconds: Type.Integer({ description: 'How long ago that was.' }),
});

/** How the exchange stands. */
export const SyncStatus = Type.Object(
  {
    provider: Type.String(),
    address: Type.String(),
    connected_to: Nullable(Type.String({ description: 'With whom records were exchanged so far.' })),
    wait_until: Nullable(
      Type.String({ ...Instant, description: 'Until when the outside system is left alone.' }),
    ),
    open_run: Nullable(Type.Object({ id: Id, status })),
    last_run: Nullable(
      Type.Object({
        id: Id,
        status,
        code: Nullable(Type.String()),
        error: Nullable(Type.String()),
        finished_at: Nullable(Instant),
      }),
    ),
    objects: Type.Array(ObjectStatus),
    waiting_changes: Type.Integer({ description: 'Records changed here that are still to be given.' }),
    rejections: Type.Integer(),
    open_conflicts: Type.Integer(),
  },
  { title: 'SyncStatus' },
);
export type SyncStatus = Static<typeof SyncStatus>;

/** What an administrator says about the mapping. */
export const SyncMapping = Type.Object(
  {
    overrides: MappingOverrides,
    updated_at: Instant,
    version: Type.Integer({ description: 'Also the ETag.' }),
  },
  { title: 'SyncMapping' },
);
export type SyncMapping = Static<typeof SyncMapping>;

/** A mapping to be kept. */
export const SyncMappingInput = Type.Object(
  { overrides: MappingOverrides },
  { title: 'SyncMappingInput', additionalProperties: false },
);

/** A mapping to be looked at. */
export const SyncPreviewInput = Type.Object(
  {
    overrides: Type.Optional(MappingOverrides),
    samples: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 20, description: 'Records of each object to show; default 3.' }),
    ),
  },
  { title: 'SyncPreviewInput', additionalProperties: false },
);
export type SyncPreviewInput = Static<typeof SyncPreviewInput>;

const FieldPreview = Type.Object({
  remote: Type.String(),
  label: Type.String(),
  type: Type.String({ description: 'Type in the words of the outside system.' }),
  local: Nullable(Type.String()),
  state: Type.String({
    description:
      '`whole`, `partly` (some values are lost or refused), `custom` (would need the field in `custom`), `left_out`, `impossible`.',
  }),
  note: Nullable(Type.String()),
  custom: anything,
});

/** A mapping as it would be. */
export const SyncPreview = Type.Object(
  {
    objects: Type.Array(
      Type.Object({
        object: Type.String(),
        kind: Nullable(Type.String()),
        push: Type.String(),
        external_id_field: Nullable(Type.String()),
        fields: Type.Array(FieldPreview),
        samples: Type.Array(
          Type.Array(
            Type.Object({
              remote: Type.String(),
              local: Type.String(),
              before: anything,
              after: Type.Optional(anything),
              note: Type.Optional(Type.String()),
            }),
          ),
        ),
      }),
    ),
    faults: Type.Array(Type.Object({ path: Type.String(), message: Type.String() }), {
      description: 'What the overrides say that cannot be; a mapping with any is not kept.',
    }),
    strangers: Type.Array(Type.String(), {
      description: 'Users there whom nobody here is; what they own gets the default owner.',
    }),
  },
  { title: 'SyncPreview' },
);
export type SyncPreview = Static<typeof SyncPreview>;

/** A run to be started. */
export const SyncRunInput = Type.Object(
  {
    load: Type.Optional(
      Type.Boolean({
        description:
          'Whether to load everything anew; default only what changed. Records that are here stay.',
      }),
    ),
  },
  { title: 'SyncRunInput', additionalProperties: false },
);

/** A run that was started or was there already. */
export const SyncRunStarted = Type.Object(
  { id: Id, status, is_load: Type.Boolean() },
  { title: 'SyncRunStarted' },
);
export type SyncRunStarted = Static<typeof SyncRunStarted>;

/** What is to be tried again. */
export const SyncRetryInput = Type.Object(
  {
    ids: Type.Optional(
      Type.Array(Id, { minItems: 1, maxItems: 1_000, description: 'Of rejections; default all of them.' }),
    ),
  },
  { title: 'SyncRetryInput', additionalProperties: false },
);

/** How many rejections the next run tries again, and which run that is. */
export const SyncRetried = Type.Object(
  { rejections: Type.Integer(), run: SyncRunStarted },
  { title: 'SyncRetried' },
);
export type SyncRetried = Static<typeof SyncRetried>;

/** Whose side counts. */
export const SyncDecisionInput = Type.Object(
  {
    side: Type.Unsafe<'local' | 'remote'>({
      type: 'string',
      enum: ['local', 'remote'],
      description:
        'A field gets the value of that side on both. A record deleted on one side is deleted on the other too with the side that deleted it, save that `local` of `deleted_here` leaves theirs; else it is made again.',
    }),
  },
  { title: 'SyncDecisionInput', additionalProperties: false },
);
