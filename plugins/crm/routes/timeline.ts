import { problems } from '@orchestrall/sdk';
import type { Routes } from '@orchestrall/sdk';
import { Id, IdParams, Nothing, PageOf, callerOf, pageParameters } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Crm } from '../service.ts';
import { TimelineEntry } from '../records/timeline-entry.ts';
import { NoteInput } from '../timeline/schemas.ts';

const tags = ['timeline'];
const NoteParams = Type.Object({ id: Id, note_id: Id });
const subjects = [
  { subject: 'contact', name: 'Contact', path: '/api/v1/crm/contacts/:id' },
  { subject: 'company', name: 'Company', path: '/api/v1/crm/companies/:id' },
  { subject: 'deal', name: 'Deal', path: '/api/v1/crm/deals/:id' },
] as const;

const routes: Routes<Crm> = async (app, { timeline }) => {
  for (const { subject, name, path } of subjects) {
    app.get(
      `${path}/timeline`,
      {
        config: { access: 'viewer' },
        schema: {
          tags,
          operationId: `list${name}Timeline`,
          summary: `Read the timeline of a ${subject}`,
          description: 'Its creation, the changes of its fields, and notes; who and when; newest first.',
          params: IdParams,
          querystring: Type.Object(pageParameters),
          response: { 200: PageOf(TimelineEntry), ...problems(400, 401, 403, 404, 429) },
        },
      },
      async (request) => timeline.list(subject, request.params.id, request.query, callerOf(request)),
    );

    app.post(
      `${path}/notes`,
      {
        config: { access: 'operator' },
        schema: {
          tags,
          operationId: `add${name}Note`,
          summary: `Add a note to a ${subject}`,
          description: 'Emits `note.added`.',
          params: IdParams,
          body: NoteInput,
          response: { 201: TimelineEntry, ...problems(400, 401, 403, 404, 415, 429, 507) },
        },
      },
      async (request, reply) => {
        const { params, body } = request;
        const note = await timeline.addNote(subject, params.id, body.text, callerOf(request));
        return reply.code(201).send(note);
      },
    );

    app.delete(
      `${path}/notes/:note_id`,
      {
        config: { access: 'operator' },
        schema: {
          tags,
          operationId: `delete${name}Note`,
          summary: `Take a note away from a ${subject}`,
          description: 'Audit keeps its text. Emits `note.deleted`.',
          params: NoteParams,
          response: { 204: Nothing, ...problems(400, 401, 403, 404, 429) },
        },
      },
      async (request, reply) => {
        const { params } = request;
        await timeline.deleteNote(subject, params.id, params.note_id, callerOf(request));
        return reply.code(204).send();
      },
    );
  }
};
export default routes;
