import { Readable } from 'node:stream';
import { problems } from '@orchestrall/sdk';
import type { Routes } from '@orchestrall/sdk';
import { callerOf, listParameters } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import { companyFilters } from '../companies/schemas.ts';
import { contactFilters } from '../contacts/schemas.ts';
import { writingOf, writingQuery } from '../csv/writing-query.ts';
import { CsvFile, streamTimeoutMs } from '../route-parts.ts';
import type { Crm } from '../service.ts';

const tags = ['exports'];
const config = { access: 'operator', timeoutMs: streamTimeoutMs } as const;
const description =
  'UTF-8, RFC 4180. An apostrophe keeps a spreadsheet from running a cell as a formula; an import takes it away.';
const { filter } = listParameters;
const exportQuery = {
  columns: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 4_000,
      description:
        'Names of the columns in their order, separated by commas; default all that an import reads.',
      examples: ['email,last_name,company_id'],
    }),
  ),
  ...writingQuery,
};

const routes: Routes<Crm> = async (app, { exports }) => {
  app.get(
    '/api/v1/crm/contacts/export',
    {
      config,
      schema: {
        tags,
        operationId: 'exportContacts',
        summary: 'Export contacts as CSV',
        description,
        querystring: Type.Object({ filter, ...contactFilters, ...exportQuery }),
        response: { 200: CsvFile, ...problems(400, 401, 403, 429) },
      },
    },
    async (request, reply) => {
      const { filter: asked, columns, delimiter, byte_order_mark, ...filters } = request.query;
      const options = { columns, ...writingOf({ delimiter, byte_order_mark }) };
      const file = exports.export('contacts', { filter: asked, filters }, callerOf(request), options);
      return reply.headers(attachment('contacts.csv')).send(Readable.from(file));
    },
  );

  app.get(
    '/api/v1/crm/companies/export',
    {
      config,
      schema: {
        tags,
        operationId: 'exportCompanies',
        summary: 'Export companies as CSV',
        description,
        querystring: Type.Object({ filter, ...companyFilters, ...exportQuery }),
        response: { 200: CsvFile, ...problems(400, 401, 403, 429) },
      },
    },
    async (request, reply) => {
      const { filter: asked, columns, delimiter, byte_order_mark, ...filters } = request.query;
      const options = { columns, ...writingOf({ delimiter, byte_order_mark }) };
      const file = exports.export('companies', { filter: asked, filters }, callerOf(request), options);
      return reply.headers(attachment('companies.csv')).send(Readable.from(file));
    },
  );
};
export default routes;

function attachment(name: string): Record<string, string> {
  return {
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': `attachment; filename="${name}"`,
  };
}
