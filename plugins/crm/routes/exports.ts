import { Readable } from 'node:stream';
import { problems } from '@orchestrall/sdk';
import type { Routes } from '@orchestrall/sdk';
import { callerOf, listParameters } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';
import { writingOf, writingQuery } from '../csv/writing-query.ts';
import { tablesByKind } from '../kinds.ts';
import { CsvFile, streamTimeoutMs } from '../route-parts.ts';
import type { Crm } from '../service.ts';

const ExportQuery = Type.Object({
  filter: listParameters.filter,
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
});
type ExportQuery = Static<typeof ExportQuery>;

const routes: Routes<Crm> = async (app, { exports, kinds }) => {
  for (const table of Object.values(tablesByKind)) {
    const { path, filters } = kinds[table];
    app.get(
      `${path}/export`,
      {
        config: { access: 'operator', timeoutMs: streamTimeoutMs },
        schema: {
          tags: ['exports'],
          operationId: `export${table.charAt(0).toUpperCase()}${table.slice(1)}`,
          summary: `Export ${table} as CSV`,
          description:
            'UTF-8, RFC 4180. An apostrophe keeps a spreadsheet from running a cell as a formula; an import takes it ' +
            'away.',
          querystring: Type.Unsafe<ExportQuery>(Type.Object({ ...ExportQuery.properties, ...filters })),
          response: { 200: CsvFile, ...problems(400, 401, 403, 429) },
        },
      },
      async (request, reply) => {
        const { filter, columns, delimiter, byte_order_mark, ...own } = request.query;
        const options = { columns, ...writingOf({ delimiter, byte_order_mark }) };
        const asked = { filter, filters: { ...own } };
        const file = exports.export(table, asked, callerOf(request), options);
        const headers = {
          'content-type': 'text/csv; charset=utf-8',
          'content-disposition': `attachment; filename="${table}.csv"`,
        };
        return reply.headers(headers).send(Readable.from(file));
      },
    );
  }
};
export default routes;
