import type { HttpInstance } from '@orchestrall/sdk';
import Type from 'typebox';
import { coreError } from '../../errors.ts';
import type { JobHistory, Within } from '../../jobs/history.ts';
import { JobRecord, ScheduleRecord } from '../../jobs/record.ts';
import { pageOf, pageQuery } from './schemas.ts';

const Id = Type.Object({ id: Type.String({ maxLength: 100 }) });

/** `/api/v1/system/jobs` and `/api/v1/system/schedules`: background work of all plugins. */
export function jobRoutes(app: HttpInstance, jobs: JobHistory): void {
  const tags = ['jobs'];
  const find = async (id: string): Promise<JobRecord> => {
    const job = await jobs.get(id);
    if (job === undefined) throw coreError('JOB_NOT_FOUND', { id });
    return job;
  };

  app.get(
    '/api/v1/system/jobs',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'listJobs',
        summary: 'Lists jobs, newest first',
        tags,
        querystring: Type.Object({
          plugin: Type.Optional(Type.String({ maxLength: 100 })),
          name: Type.Optional(Type.String({ maxLength: 200 })),
          status: Type.Optional(JobRecord.properties.status),
          ...pageQuery,
        }),
        response: { 200: pageOf(JobRecord) },
      },
    },
    async (request) => jobs.list(request.query),
  );

  app.get(
    '/api/v1/system/jobs/:id',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'getJob',
        summary: 'Shows a job',
        tags,
        params: Id,
        response: { 200: JobRecord },
      },
    },
    async (request) => find(request.params.id),
  );

  app.post(
    '/api/v1/system/jobs/:id/cancel',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'cancelJob',
        summary: 'Ends a waiting job and asks a running one to stop; an ended one stays as it is',
        tags,
        params: Id,
        response: { 200: JobRecord },
      },
    },
    async (request) => {
      const { id } = await find(request.params.id);
      const within: Within = (tx) => tx.audit({ action: 'job.cancelled', subjectType: 'job', subjectId: id });
      await jobs.cancel(id, { within });
      return find(id);
    },
  );

  app.post(
    '/api/v1/system/jobs/:id/retry',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'retryJob',
        summary: 'Queues a failed or cancelled job again, at its checkpoint',
        tags,
        params: Id,
        response: { 200: JobRecord },
      },
    },
    async (request) => {
      const { id } = await find(request.params.id);
      return jobs.retry(id, (tx) => tx.audit({ action: 'job.retried', subjectType: 'job', subjectId: id }));
    },
  );

  app.get(
    '/api/v1/system/schedules',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'listSchedules',
        summary: 'Lists the schedules',
        tags,
        response: { 200: pageOf(ScheduleRecord) },
      },
    },
    async () => ({ items: await jobs.schedules(), next_cursor: null }),
  );
}
