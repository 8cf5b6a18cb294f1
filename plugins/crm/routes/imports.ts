import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { problems, sendAnswer } from '@orchestrall/sdk';
import type { Routes } from '@orchestrall/sdk';
import { IdParams, PageOf, callerOf, pageParameters } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Encoding } from '../csv/format.ts';
import { writingOf, writingQuery } from '../csv/writing-query.ts';
import { crmError } from '../errors.ts';
import { Import, ImportPatch, ImportPreview, ImportQuery, ImportStart } from '../imports/schemas.ts';
import { CsvFile, streamTimeoutMs } from '../route-parts.ts';
import type { Crm } from '../service.ts';

const tags = ['imports'];

const routes: Routes<Crm> = async (app, { imports }) => {
  // Handed on as a stream; what else a body may be is refused before it is read.
  app.addContentTypeParser('text/csv', (_request, payload, done) => done(null, payload));

  app.post(
    '/api/v1/crm/imports',
    {
      onRequest: async ({ headers }) => requireCsv(headers),
      config: { access: 'operator', timeoutMs: streamTimeoutMs, idempotent: true },
      schema: {
        tags,
        operationId: 'startImport',
        summary: 'Import a CSV file',
        description:
          'The body is the file, with column names in line 1. Encoding (UTF-8, UTF-16, Windows-1252), delimiter and ' +
          'quoting are detected unless they are said, and so are the columns of Salesforce, HubSpot, Google and ' +
          'Outlook. A row whose key is known changes that record, any other makes one; an empty cell leaves a field ' +
          'as it is. With `start=false` the file waits: look at its preview, change its mapping, try it, start it.',
        consumes: ['text/csv'],
        querystring: ImportQuery,
        // Without a type, so that the stream passes as it is.
        body: Type.Unsafe<unknown>({ description: 'The file.' }),
        response: { 202: Import, ...problems(400, 401, 403, 413, 415, 429, 507) },
      },
    },
    async (request, reply) => {
      const { object, start = true, dry_run, delimiter, quote, encoding, ...settings } = request.query;
      const { body, headers } = request;
      const answer = await imports.upload({
        object,
        settings,
        format: { delimiter, quote, encoding: encoding ?? encodingOf(headers) },
        after: dry_run === true ? 'dry_run' : start ? 'import' : 'wait',
        body: fileOf(body),
        announcedBytes: Number(headers['content-length'] ?? 0),
        by: callerOf(request),
      });
      return sendAnswer(reply, answer);
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
        querystring: Type.Object(pageParameters),
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

  app.patch(
    '/api/v1/crm/imports/:id',
    {
      config: { access: 'operator' },
      schema: {
        tags,
        operationId: 'updateImport',
        summary: 'Change the mapping of an import that waits',
        description:
          'Settings that are given replace those of the import; a mapping is replaced whole. A dry run before it says ' +
          'nothing any more.',
        params: IdParams,
        body: ImportPatch,
        response: { 200: Import, ...problems(400, 401, 403, 404, 409, 413, 415, 429) },
      },
    },
    async (request) => imports.update(request.params.id, request.body, callerOf(request)),
  );

  app.get(
    '/api/v1/crm/imports/:id/preview',
    {
      config: { access: 'operator' },
      schema: {
        tags,
        operationId: 'previewImport',
        summary: 'See what an import that waits would make of its file',
        description:
          'The format that was found, what each column would feed and why, and the first 20 rows as they would be read.',
        params: IdParams,
        response: { 200: ImportPreview, ...problems(400, 401, 403, 404, 409, 429) },
      },
    },
    async (request) => imports.preview(request.params.id, callerOf(request)),
  );

  app.post(
    '/api/v1/crm/imports/:id/start',
    {
      config: { access: 'operator', idempotent: true },
      schema: {
        tags,
        operationId: 'beginImport',
        summary: 'Start an import that waits, or its dry run',
        description:
          'With `dry_run=true` the whole file is read against what is stored and nothing is written: the import ends ' +
          'as `checked` with the counts of what would be and its refused rows, and can then be started. Emits ' +
          '`import.progressed` while it runs, and `import.checked` after a dry run.',
        params: IdParams,
        querystring: ImportStart,
        response: { 202: Import, ...problems(400, 401, 403, 404, 409, 429) },
      },
    },
    async (request, reply) => {
      const { params, query } = request;
      return sendAnswer(reply, await imports.start(params.id, query.dry_run ?? false, callerOf(request)));
    },
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
    async (request) => imports.cancel(request.params.id, callerOf(request)),
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
        querystring: Type.Object(writingQuery),
        response: { 200: CsvFile, ...problems(400, 401, 403, 404, 429) },
      },
    },
    async (request, reply) => {
      const { params, query } = request;
      const file = await imports.errors(params.id, callerOf(request), writingOf(query));
      return reply.header('content-type', 'text/csv; charset=utf-8').send(Readable.from(file));
    },
  );
};
export default routes;

/** Refuses a body that is not declared to be plain CSV in an encoding that is read, naming what is accepted. */
function requireCsv(headers: IncomingHttpHeaders): void {
  const contentType = headers['content-type'] ?? 'no type';
  const type = contentType.split(';', 1)[0] ?? '';
  if (type.trim().toLowerCase() !== 'text/csv') {
    throw crmError('UPLOAD_TYPE_UNSUPPORTED', { content_type: contentType });
  }
  const charset = charsetOf(headers);
  if (charset !== undefined && !charsets.has(charset)) throw crmError('CHARSET_UNSUPPORTED', { charset });
}

/** Encodings by what senders call them; of UTF-16 the byte order is detected. */
const charsets: ReadonlyMap<string, Encoding | undefined> = new Map([
  ['utf-8', 'utf-8'],
  ['utf8', 'utf-8'],
  ['us-ascii', 'utf-8'],
  ['utf-16', undefined],
  ['utf-16le', 'utf-16le'],
  ['utf-16be', 'utf-16be'],
  ['windows-1252', 'windows-1252'],
  ['cp1252', 'windows-1252'],
  ['iso-8859-1', 'windows-1252'],
  ['latin1', 'windows-1252'],
]);

function encodingOf(headers: IncomingHttpHeaders): Encoding | undefined {
  return charsets.get(charsetOf(headers) ?? '');
}

function charsetOf(headers: IncomingHttpHeaders): string | undefined {
  return /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(headers['content-type'] ?? '')?.[1]?.toLowerCase();
}

/** The file; the connection stays open when reading stops early, so that the refusal reaches its sender. */
function fileOf(body: unknown): AsyncIterable<Uint8Array> {
  if (body instanceof Readable) return body.iterator({ destroyOnReturn: false });
  throw new TypeError('the body of an upload is not the stream that its parser hands on');
}
