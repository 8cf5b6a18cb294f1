/**
 * A local stand-in, not Salesforce: it answers the endpoints that the provider `salesforce` uses as the public
 * documentation describes them, over an organisation in memory with a clock that is turned by hand, and has been
 * compared with no real organisation. Answered are: token (client credentials, JWT bearer), limits, list and describe of
 * objects, query with `nextRecordsUrl`, deleted, composite, collections (also by external id), Bulk API 2.0 query and
 * ingest jobs. Sources: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/ and
 * https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BulkJobs } from './bulk.ts';
import type { FaultKind, FaultPlan } from './faults.ts';
import { described, listed, standInObjects } from './objects.ts';
import { OrgFault } from './org.ts';
import type { StandInOrg } from './org.ts';
import { jsonInstant, runSoql, toJson } from './rows.ts';
import { refusalOf } from './sign-in.ts';
import type { ConnectedApp } from './sign-in.ts';
import { runComposite, saveCollection, upsertCollection } from './writes.ts';

/** What a stand-in is made of. */
export interface StandInOptions {
  readonly org: StandInOrg;
  readonly faults: FaultPlan;
  readonly app: ConnectedApp;
  /** Requests of 24 hours; default 100,000. */
  readonly apiLimit?: number;
}

/** A stand-in that listens on the loopback interface. */
export interface StandIn extends AsyncDisposable {
  readonly url: string;
  readonly bulk: BulkJobs;
  /** Every request, `GET /services/...`. */
  readonly requests: string[];
  /** Ends every session. */
  expireSessions(): void;
  /** Counts so many requests as used. */
  use(requests: number): void;
  /** Records of one answer to a query; default 2,000. */
  queryRows: number;
}

interface Answer {
  readonly status: number;
  readonly json?: unknown;
  readonly csv?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Starts a stand-in on a free port. */
export async function startStandIn({
  org,
  faults,
  app,
  apiLimit = 100_000,
}: StandInOptions): Promise<StandIn> {
  const bulk = new BulkJobs(org);
  const cursors = new Map<string, object[]>();
  const requests: string[] = [];
  let session = 1;
  let used = 0;

  const handle = (request: IncomingMessage, url: URL, body: string): Answer => {
    const path = url.pathname;
    if (path === '/') return { status: 200, json: { name: 'a local stand-in, not Salesforce' } };
    if (path === '/services/oauth2/token') {
      const refusal = refusalOf(app, new URLSearchParams(body), org.nowMs);
      if (refusal !== undefined) return { status: 400, json: refusal };
      const json = { access_token: `00D!${session}`, instance_url: standIn.url, token_type: 'Bearer' };
      return { status: 200, json };
    }
    if (request.headers.authorization !== `Bearer 00D!${session}`) {
      return {
        status: 401,
        json: [{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }],
      };
    }
    used += 1;
    if (used > apiLimit) {
      const json = [{ message: 'TotalRequests Limit exceeded.', errorCode: 'REQUEST_LIMIT_EXCEEDED' }];
      return { status: 403, json };
    }
    return route(request.method ?? '', path.replace(/^\/services\/data\/v\d+\.0/, ''), url, body);
  };

  const route = (method: string, path: string, url: URL, body: string): Answer => {
    const json = (): { compositeRequest: never; records: never } => JSON.parse(body);
    if (path === '/limits') return ok({ DailyApiRequests: { Max: apiLimit, Remaining: apiLimit - used } });
    if (path === '/sobjects')
      return ok({ encoding: 'UTF-8', maxBatchSize: 200, sobjects: standInObjects.map(listed) });
    const [, object = '', part] = /^\/sobjects\/(\w+)\/(describe|deleted)$/.exec(path) ?? [];
    if (part === 'describe') return ok(described(org.object(object)));
    if (part === 'deleted') return ok(deleted(org, object, url.searchParams));
    if (path === '/query') return ok(page(toJson(org, runSoql(org, url.searchParams.get('q') ?? ''))));
    if (path.startsWith('/query/')) return ok(page(cursors.get(path) ?? []));
    if (path === '/composite') return ok({ compositeResponse: runComposite(org, json().compositeRequest) });
    if (path === '/composite/sobjects') return ok(saveCollection(org, json().records, method === 'POST'));
    const [, kind = '', key = ''] = /^\/composite\/sobjects\/(\w+)\/(\w+)$/.exec(path) ?? [];
    if (key !== '') return ok(upsertCollection(org, kind, key, json().records));
    const job = /^\/jobs\/(query|ingest)(?:\/(\w+))?(?:\/(\w+))?$/.exec(path);
    if (job !== null) return jobRoute(method, job, url, body);
    throw new OrgFault('NOT_FOUND', 'The requested resource does not exist');
  };

  const jobRoute = (method: string, [, kind, id, part]: RegExpExecArray, url: URL, body: string): Answer => {
    if (id === undefined) {
      const { operation, object, externalIdFieldName, query } = JSON.parse(body);
      return { status: 200, json: bulk.create(operation, object ?? '', externalIdFieldName, query) };
    }
    if (part === 'batches') {
      bulk.upload(id, body);
      return { status: 201 };
    }
    if (part !== undefined) {
      const { searchParams } = url;
      const { csv, headers } =
        kind === 'query'
          ? bulk.results(id, searchParams.get('locator'), searchParams.get('maxRecords'))
          : bulk.ingestResults(id, part);
      return { status: 200, csv, headers };
    }
    if (method === 'PATCH') return { status: 200, json: bulk.change(id, JSON.parse(body).state) };
    if (method === 'GET') return { status: 200, json: bulk.get(id) };
    bulk.delete(id);
    return { status: 204 };
  };

  const page = (records: object[]): object => {
    const rest = records.slice(standIn.queryRows);
    if (rest.length === 0) return { totalSize: records.length, done: true, records };
    const path = `/query/01gQy000000000${cursors.size}-${standIn.queryRows}`;
    cursors.set(path, rest);
    const nextRecordsUrl = `/services/data/v62.0${path}`;
    return {
      totalSize: records.length,
      done: false,
      nextRecordsUrl,
      records: records.slice(0, standIn.queryRows),
    };
  };

  const respond = (response: ServerResponse, answer: Answer, fault: FaultKind | undefined): void => {
    const type = answer.csv === undefined ? 'application/json;charset=UTF-8' : 'text/csv';
    const text = answer.csv ?? (answer.json === undefined ? '' : JSON.stringify(answer.json));
    response.setHeader('date', new Date(org.nowMs).toUTCString());
    response.setHeader('sforce-limit-info', `api-usage=${used}/${apiLimit}`);
    for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
    if (answer.status !== 204) response.setHeader('content-type', type);
    response.statusCode = answer.status;
    if (fault === 'broken_json' && answer.json !== undefined) response.end(text.slice(0, text.length / 2));
    else if (fault === 'cut_off' && text.length > 1) {
      response.setHeader('content-length', Buffer.byteLength(text));
      response.write(text.slice(0, text.length / 2), () => response.destroy());
    } else response.end(text);
  };

  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', standIn.url);
      const name = `${request.method} ${url.pathname}`;
      requests.push(name);
      const fault = url.pathname === '/' ? undefined : faults.take(name);
      if (fault !== undefined && refuse(response, fault, org.nowMs)) return;
      if (fault === 'expired_session') session += 1;
      const answer = attempt(() => handle(request, url, Buffer.concat(pieces).toString('utf8')));
      if (fault === 'answer_lost') response.destroy();
      else respond(response, answer, fault);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const standIn: StandIn = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bulk,
    requests,
    queryRows: 2_000,
    expireSessions: () => void (session += 1),
    use: (count) => void (used += count),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
  return standIn;
}

/** Answers with a fault that leaves nothing to do. */
function refuse(response: ServerResponse, fault: FaultKind, nowMs: number): boolean {
  response.setHeader('date', new Date(nowMs).toUTCString());
  if (fault === 'unavailable') response.writeHead(503).end('upstream not available');
  else if (fault === 'retry_after') response.writeHead(503, { 'retry-after': '7' }).end();
  else if (fault === 'retry_in_an_hour') response.writeHead(503, { 'retry-after': '3600' }).end();
  else if (fault === 'html') {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!DOCTYPE html><title>Maintenance</title>');
  } else if (fault === 'reset') response.destroy();
  else if (fault === 'limit') {
    const body = [{ message: 'TotalRequests Limit exceeded.', errorCode: 'REQUEST_LIMIT_EXCEEDED' }];
    response.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  } else return false;
  return true;
}

function attempt(work: () => Answer): Answer {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof OrgFault)) throw error;
    const status = error.code === 'NOT_FOUND' ? 404 : 400;
    return { status, json: [{ message: error.message, errorCode: error.code, fields: error.fields }] };
  }
}

/** The log of deletions: seconds of both ends are ignored, and what may be under way is told the next time. */
function deleted(org: StandInOrg, object: string, query: URLSearchParams): object {
  const [startMs, endMs] = [minute(query.get('start')), minute(query.get('end'))];
  if (!(endMs - startMs > 60_000)) {
    throw new OrgFault(
      'INVALID_REPLICATION_DATE',
      'endDate must be more than one minute greater than startDate',
    );
  }
  if (org.nowMs - startMs > 15 * 86_400_000) {
    throw new OrgFault('INVALID_REPLICATION_DATE', 'startDate before org replication enabled date');
  }
  org.object(object);
  const coveredMs = Math.min(endMs, org.nowMs - org.deleteLagMs);
  const found = org.deleteLog.filter(
    (each) =>
      each.object === object &&
      each.atMs >= startMs &&
      each.atMs <= coveredMs &&
      org.records.get(each.id)?.isDeleted,
  );
  return {
    deletedRecords: found.map(({ id, atMs }) => ({ id, deletedDate: jsonInstant(atMs) })),
    earliestDateAvailable: jsonInstant(org.earliestMs),
    latestDateCovered: jsonInstant(coveredMs),
  };
}

function ok(json: unknown): Answer {
  return { status: 200, json };
}

function minute(text: string | null): number {
  return Math.floor(Date.parse(text ?? '') / 60_000) * 60_000;
}
