import { Readable } from 'node:stream';
import { problems } from '@orchestrall/sdk';
import type { Routes } from '@orchestrall/sdk';
import { CompanyFilter } from '../companies/schemas.ts';
import { ContactFilter } from '../contacts/schemas.ts';
import { CsvFile, streamTimeoutMs } from '../route-parts.ts';
import type { Crm } from '../service.ts';

const tags = ['exports'];
const config = { access: 'operator', timeoutMs: streamTimeoutMs } as const;
const description =
  'UTF-8, RFC 4180. An apostrophe keeps a spreadsheet from running a cell as a formula; an import takes it away.';

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
        querystring: ContactFilter,
        response: { 200: CsvFile, ...problems(400, 401, 403, 429) },
      },
    },
    async ({ query }, reply) =>
      reply.headers(attachment('contacts.csv')).send(Readable.from(exports.contacts(query))),
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
        querystring: CompanyFilter,
        response: { 200: CsvFile, ...problems(400, 401, 403, 429) },
      },
    },
    async ({ query }, reply) =>
      reply.headers(attachment('companies.csv')).send(Readable.from(exports.companies(query))),
  );
};
export default routes;

function attachment(name: string): Record<string, string> {
  return {
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': `attachment; filename="${name}"`,
  };
}
