import { problems, sendAnswer } from '@orchestrall/sdk';
import type { Routes } from '@orchestrall/sdk';
import {
  IdParams,
  PageOf,
  callerOf,
  changeRecords,
  listParameters,
  resourceRoutes,
} from '@orchestrall/sdk/resources';
import type { RecordPage } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import { AnsweredList, ListInput, MemberChange, MembersChanged } from '../lists/schemas.ts';
import type { Crm } from '../service.ts';

const path = '/api/v1/crm/lists';
const tags = ['lists'];
const Members = Type.Unsafe<RecordPage>(PageOf(Type.Object({}, { additionalProperties: true })));

const routes: Routes<Crm> = async (app, { database, lists, records }) => {
  const resource = {
    name: 'list',
    plural: 'lists',
    path,
    record: AnsweredList,
    input: ListInput,
    requireMatch: true,
    notes: {
      list: 'Those that are shared with the caller.',
      create:
        'Of one kind of records; a dynamic one has all records of which its filter holds. Emits `list.created`.',
      delete: 'By its owner or an administrator; its members stay as they are. Emits `list.deleted`.',
    },
  };
  resourceRoutes({ app, resource, service: lists, database });

  app.get(
    `${path}/:id/members`,
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        operationId: 'listMembers',
        summary: 'List the members of a list',
        description:
          'As the list of their kind: the records that the caller sees, with its filters, order and count. A list whose ' +
          'filter no longer fits is refused with 400.',
        params: IdParams,
        querystring: Type.Object(listParameters),
        response: { 200: Members, ...problems(400, 401, 403, 404, 429) },
      },
    },
    async ({ params, query, caller }) => {
      const by = callerOf({ caller });
      const list = await lists.require(params.id, by);
      const service = records.get(list.kind);
      if (service === undefined) throw new TypeError(`there is no service of ${list.kind}`);
      return service.list({ ...query, filters: { list: list.id } }, by);
    },
  );

  app.post(
    `${path}/:id/members`,
    {
      config: { access: 'operator', idempotent: true },
      schema: {
        tags,
        operationId: 'changeListMembers',
        summary: 'Add members to a list and take them away',
        description:
          'By its owner or an administrator, and of a static list only. Emits `list.members_changed` when any came or went.',
        params: IdParams,
        body: MemberChange,
        response: { 200: MembersChanged, ...problems(400, 401, 403, 404, 409, 415, 422, 429, 507) },
      },
    },
    async (request, reply) => {
      const by = callerOf(request);
      const { params, body } = request;
      const answer = await changeRecords(database, async (tx) =>
        tx.answer({ status: 200, body: await lists.changeMembers(tx, params.id, body, by) }),
      );
      return sendAnswer(reply, answer);
    },
  );
};
export default routes;
