import { problems, sendAnswer } from '@orchestrall/sdk';
import type { Routes } from '@orchestrall/sdk';
import {
  Id,
  callerOf,
  changeRecords,
  etagOf,
  requireVersion,
  resourceRoutes,
  versionHeaders,
} from '@orchestrall/sdk/resources';
import Type from 'typebox';
import { Pipeline, PipelineInput } from '../pipelines/fields.ts';
import type { Crm } from '../service.ts';

const path = '/api/v1/crm/pipelines';
const StageParams = Type.Object({ id: Id, stage_id: Id });
const MoveTo = Type.Object({
  move_to: Type.Optional(
    Type.String({
      ...Id,
      description: 'Stage of the same pipeline that its deals go to; else none may be in it.',
    }),
  ),
});

const routes: Routes<Crm> = async (app, { pipelines, database }) => {
  const resource = {
    name: 'pipeline',
    plural: 'pipelines',
    path,
    record: Pipeline,
    input: PipelineInput,
    access: { write: 'admin' },
    requireMatch: true,
    notes: {
      list: 'With their stages in order; oldest first.',
      create: 'Needs a name and stages, one of them open. Emits `pipeline.created`.',
      delete: 'Refused with 409 while a deal is in it, and for the default one. Emits `pipeline.deleted`.',
    },
  } as const;
  resourceRoutes({ app, resource, service: pipelines, database });

  app.delete(
    `${path}/:id/stages/:stage_id`,
    {
      config: { access: 'admin', idempotent: true },
      schema: {
        tags: ['pipelines'],
        operationId: 'deleteStage',
        summary: 'Take a stage out of a pipeline',
        description:
          'Refused with 409 while deals are in it, unless `move_to` names the stage for them: up to 10,000 go there in ' +
          'the same transaction. The ETag is that of the pipeline. Emits `pipeline.updated`.',
        params: StageParams,
        headers: versionHeaders(true),
        querystring: MoveTo,
        response: { 200: Pipeline, ...problems(400, 401, 403, 404, 409, 412, 422, 428, 429) },
      },
    },
    async (request, reply) => {
      const { params, query, headers } = request;
      const ifMatch = headers['if-match'];
      requireVersion(ifMatch);
      const by = callerOf(request);
      const removal = { pipelineId: params.id, stageId: params.stage_id, moveTo: query.move_to };
      const answer = await changeRecords(database, async (tx) => {
        const body = await pipelines.removeStage(tx, removal, by, ifMatch);
        return tx.answer({ status: 200, headers: { etag: etagOf(body) }, body });
      });
      return sendAnswer(reply, answer);
    },
  );
};
export default routes;
