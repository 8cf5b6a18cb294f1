import { problems } from '@orchestrall/sdk';
import type { Routes } from '@orchestrall/sdk';
import { Id, IdParams, Nothing, PageOf, callerOf, pageParameters } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import { AssociatedKind, Association, AssociationInput } from '../associations/schemas.ts';
import { kindNamed } from '../kinds.ts';
import { subjectTypes } from '../records/kind.ts';
import type { Crm } from '../service.ts';

const tags = ['associations'];
const PairParams = Type.Object({ id: Id, kind: AssociatedKind, other_id: Id });
const ListQuery = Type.Object({ kind: Type.Optional(AssociatedKind), ...pageParameters });

const routes: Routes<Crm> = async (app, { kinds, associations }) => {
  for (const subject of subjectTypes) {
    const path = `${kindNamed(kinds, subject).path}/:id/associations`;
    const noun = subject.charAt(0).toUpperCase() + subject.slice(1);
    const nothing = { 204: Nothing, ...problems(400, 401, 403, 404, 410, 415, 429, 507) };
    app.get(
      path,
      {
        config: { access: 'viewer' },
        schema: {
          tags,
          operationId: `listAssociationsOf${noun}`,
          summary: `List the records associated with a ${subject}`,
          description:
            'Those that the caller may see, by id, with their roles; contacts and their `company_id` are among them.',
          params: IdParams,
          querystring: ListQuery,
          response: { 200: PageOf(Association), ...problems(400, 401, 403, 404, 410, 429) },
        },
      },
      async (request) => {
        const { params, query } = request;
        return associations.list({ kind: subject, id: params.id }, query, callerOf(request));
      },
    );

    app.put(
      `${path}/:kind/:other_id`,
      {
        config: { access: 'operator' },
        schema: {
          tags,
          operationId: `associate${noun}`,
          summary: `Associate a ${subject} with another record`,
          description:
            'Or change the role. It stands in the lists of both. Emits `association.created` or `association.updated`.',
          params: PairParams,
          body: AssociationInput,
          response: nothing,
        },
      },
      async (request, reply) => {
        const { params, body } = request;
        const [record, other] = [
          { kind: subject, id: params.id },
          { kind: params.kind, id: params.other_id },
        ];
        await associations.put(record, other, body.role ?? null, callerOf(request));
        return reply.code(204).send();
      },
    );

    app.delete(
      `${path}/:kind/:other_id`,
      {
        config: { access: 'operator' },
        schema: {
          tags,
          operationId: `endAssociationOf${noun}`,
          summary: `End an association of a ${subject}`,
          description: 'The `company_id` of a contact stays as it is. Emits `association.deleted`.',
          params: PairParams,
          response: { 204: Nothing, ...problems(400, 401, 403, 404, 410, 429) },
        },
      },
      async (request, reply) => {
        const { params } = request;
        const [record, other] = [
          { kind: subject, id: params.id },
          { kind: params.kind, id: params.other_id },
        ];
        await associations.remove(record, other, callerOf(request));
        return reply.code(204).send();
      },
    );
  }
};
export default routes;
