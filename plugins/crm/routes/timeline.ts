import { problems } from '@orchestrall/sdk';
import type { Routes } from '@orchestrall/sdk';
import { IdParams, PageOf, callerOf, pageParameters } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import { kindNamed } from '../kinds.ts';
import { subjectTypes } from '../records/kind.ts';
import type { Crm } from '../service.ts';
import { TimelineEntry } from '../timeline/schemas.ts';

const routes: Routes<Crm> = async (app, { kinds, timeline }) => {
  for (const subject of subjectTypes) {
    app.get(
      `${kindNamed(kinds, subject).path}/:id/timeline`,
      {
        config: { access: 'viewer' },
        schema: {
          tags: ['timeline'],
          operationId: `list${subject.charAt(0).toUpperCase()}${subject.slice(1)}Timeline`,
          summary: `Read the timeline of a ${subject}`,
          description:
            'Its creation, the changes of its fields, the activities about it that the caller may see, and what other ' +
            'plugins tell of it; newest first.',
          params: IdParams,
          querystring: Type.Object(pageParameters),
          response: { 200: PageOf(TimelineEntry), ...problems(400, 401, 403, 404, 410, 429) },
        },
      },
      async (request) => timeline.list(subject, request.params.id, request.query, callerOf(request)),
    );
  }
};
export default routes;
