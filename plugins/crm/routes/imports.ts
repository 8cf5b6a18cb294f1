import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { problems } from '@orchestrall/sdk';
import type { Routes } from '@orchestrall/sdk';
import Type from 'typebox';
import { crmError } from '../errors.ts';
import { PageOf, pageQuery } from '../fields/schemas.ts';
import { Import, ImportQuery } from '../imports/schemas.ts';
import { CsvFile, IdParams, actorOf, streamTimeoutMs } from '../route-parts.ts';
import type { Crm } from '../service.ts';

const tags = ['imports'];

const routes: Routes<Crm> = async (app, { imports }) => {
  // Handed on as a stream; what else a body may be is refused before it is read.
  app.addContentTypeParser('text/csv', (_request, payload, done) => done(null, payload));

  app.post(
    '/api/v1/crm/imports',
    {
      onRequest: async ({ headers }) => requireCsv(headers),
      config: { access: 'operator', timeoutMs: streamTimeoutMs },
      schema: {
        tags,
        operationId: 'startImport',
        summary: 'Import a CSV file',
        description:
          'The body is the file: UTF-8, RFC 4180, column names in line 1, compared without case, accents, spaces, ' +
          '`_`, `-` and `.`. A row whose key is known changes that record, any other makes one; an empty cell ' +
          'leaves a field as it is.',
        consumes: ['text/csv'],
        querystring: ImportQuery,
        // Without a type, so that the stream passes as it is.
        body: Type.Unsafe<unknown>({ description: 'The file.' }),
        response: { 202: Import, ...problems(400, 401, 403, 413, 415, 429, 507) },
      },
    },
    async (request, reply) => {
      const { query, body, headers } = request;
      const started = await imports.start({
        ...query,
        body: fileOf(body),
        announcedBytes: Number(headers['content-length'] ?? 0),
        by: actorOf(request),
      });
      return reply.code(202).header('location', `/api/v1/crm/imports/${started.id}`).send(started);
    },
  );

  app.get(
    '/api/v1/crm/imports',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        operationId: 'listImports',
        summary: 'List imports',
        description: 'Newest first.',
        querystring: Type.Object(pageQuery),
        response: { 200: PageOf(Import), ...problems(400, 401, 403, 429) },
      },
    },
    async ({ query }) => imports.list(query),
  );

  app.get(
    '/api/v1/crm/imports/:id',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        operationId: 'getImport',
        summary: 'Read how far an import is',
        description: 'Counts are exact at every moment: they are committed with the rows they count.',
        params: IdParams,
        response: { 200: Import, ...problems(400, 401, 403, 404, 429) },
      },
    },
    async ({ params }) => imports.get(params.id),
  );

  app.post(
    '/api/v1/crm/imports/:id/cancel',
    {
      config: { access: 'operator' },
      schema: {
        tags,
        operationId: 'cancelImport',
        summary: 'Cancel an import',
        description: 'Rows that are committed stay. Emits `import.cancelled`.',
        params: IdParams,
        response: { 200: Import, ...problems(400, 401, 403, 404, 409, 429) },
      },
    },
    async ({ params }) => imports.cancel(params.id),
  );

  app.get(
    '/api/v1/crm/imports/:id/errors',
    {
      config: { access: 'operator', timeoutMs: streamTimeoutMs },
      schema: {
        tags,
        operationId: 'getImportErrors',
        summary: 'Read the refused rows of an import as CSV',
        description:
          'Physical line, reason, and the cells as they were: correct them and import the file again.',
        params: IdParams,
        response: { 200: CsvFile, ...problems(400, 401, 403, 404, 429) },
      },
    },
    async ({ params }, reply) =>
      reply
        .header('content-type', 'text/csv; charset=utf-8')
        .send(Readable.from(await imports.errors(params.id))),
  );
};
export default routes;

/** Refuses a body that is not declared to be plain CSV in UTF-8, naming what is accepted. */
function requireCsv(headers: IncomingHttpHeaders): void {
  const contentType = headers['content-type'] ?? 'no type';
  const type = contentType.split(';', 1)[0] ?? '';
  if (type.trim().toLowerCase() !== 'text/csv') {
    throw crmError('UPLOAD_TYPE_UNSUPPORTED', { content_type: contentType });
  }
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  if (!/^(utf-?8|us-ascii)$/i.test(charset)) throw crmError('CHARSET_UNSUPPORTED', { charset });
}

/** The file; the connection stays open when reading stops early, so that the refusal reaches its sender. */
function fileOf(body: unknown): AsyncIterable<Uint8Array> {
  if (body instanceof Readable) return body.iterator({ destroyOnReturn: false });
  throw new TypeError('the body of an upload is not the stream that its parser hands on');
}
