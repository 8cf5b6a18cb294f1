import type { JobStatus } from '@orchestrall/sdk';
import Type from 'typebox';

/** A job as the system API shows it; times RFC 3339 UTC with milliseconds. */
export const JobRecord = Type.Object({
  id: Type.String(),
  plugin: Type.String(),
  name: Type.String(),
  status: Type.Union([
    Type.Literal('queued'),
    Type.Literal('running'),
    Type.Literal('completed'),
    Type.Literal('failed'),
    Type.Literal('cancelled'),
  ]),
  priority: Type.Integer({ minimum: 0, maximum: 9 }),
  unique_key: Type.Union([Type.String(), Type.Null()]),
  attempt: Type.Integer({ minimum: 0, description: 'Times it was begun.' }),
  fence: Type.Integer({ minimum: 0, description: 'Grows with every claim.' }),
  progress_done: Type.Integer(),
  progress_total: Type.Union([Type.Integer(), Type.Null()]),
  error_code: Type.Union([Type.String(), Type.Null()]),
  error: Type.Union([Type.String(), Type.Null()], { description: 'Why the last attempt failed.' }),
  created_at: Type.String({ format: 'date-time' }),
  run_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description: 'Not begun before; null once it has ended.',
  }),
  started_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  ended_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
});
export type JobRecord = Type.Static<typeof JobRecord>;

/** A schedule as the system API shows it. */
export const ScheduleRecord = Type.Object({
  plugin: Type.String(),
  name: Type.String(),
  job_name: Type.String(),
  cron: Type.String(),
  time_zone: Type.String(),
  next_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description: 'Planned next; in the past while its plugin is off, null when it never comes again.',
  }),
  last_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  last_job_id: Type.Union([Type.String(), Type.Null()]),
});
export type ScheduleRecord = Type.Static<typeof ScheduleRecord>;

/** Which jobs are listed. */
export interface JobFilter {
  readonly plugin?: string | undefined;
  readonly name?: string | undefined;
  readonly status?: JobStatus | undefined;
  /** `next_cursor` of the page before. */
  readonly cursor?: string | undefined;
  /** 1 to 500, default 50. */
  readonly limit?: number | undefined;
}
