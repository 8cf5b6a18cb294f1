import { Id, Instant, Nullable } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';

/** How far a run is; the last three are its end. */
export const runStatuses = ['queued', 'running', 'waiting', 'completed', 'failed', 'cancelled'] as const;
export type RunStatus = (typeof runStatuses)[number];

/** An object that was refused in a run. */
export const RunFailure = Type.Object({
  object: Type.String(),
  code: Type.String(),
  reason: Type.String(),
});
export type RunFailure = Static<typeof RunFailure>;

/** One run of the exchange. */
export const SyncRun = Type.Object(
  {
    id: Id,
    status: Type.Unsafe<RunStatus>({ type: 'string', enum: [...runStatuses] }),
    is_load: Type.Boolean({ description: 'Whether everything is loaded anew.' }),
    requested_by: Nullable(Type.String({ description: 'Who started it; null for the schedule.' })),
    code: Nullable(Type.String({ description: 'Code of what ended it or lets it wait.' })),
    error: Nullable(Type.String({ description: 'The same in words.' })),
    failures: Type.Array(RunFailure, { description: 'Objects that were refused, while the others went on.' }),
    wait_until: Nullable(Type.String({ ...Instant, description: 'When it goes on.' })),
    records_created: Type.Integer(),
    records_updated: Type.Integer(),
    records_deleted: Type.Integer(),
    records_given: Type.Integer({ description: 'Records that were written in the outside system.' }),
    records_rejected: Type.Integer({
      description: 'Records that could not be taken or given, whole or in part.',
    }),
    conflicts: Type.Integer(),
    started_at: Nullable(Instant),
    finished_at: Nullable(Instant),
    created_at: Instant,
    updated_at: Instant,
    version: Type.Integer(),
  },
  { title: 'SyncRun' },
);
export type SyncRun = Static<typeof SyncRun>;
