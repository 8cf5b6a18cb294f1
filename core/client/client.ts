import { ApiError } from './api-error.ts';
import type {
  Body,
  Data,
  Item,
  Method,
  Operation,
  Options,
  OptionsParameter,
  PagedPath,
  PathWith,
} from './operation-types.ts';
import { itemsOf } from './pages.ts';
import { contentOf, request } from './requests.ts';
import type { RequestOptions } from './requests.ts';
import { TokenKeeper } from './token.ts';
import type { Token } from './token.ts';
import { authorized } from './transport/authorize.ts';
import { retrying } from './transport/retry.ts';
import type { RetryOptions } from './transport/retry.ts';
import type { Send } from './transport/send.ts';

/** How an appliance is reached. */
export interface ClientOptions extends RetryOptions {
  /** Such as `https://appliance.example.com`. */
  readonly baseUrl: string;
  /** Default none, for what is open to everyone. */
  readonly token?: Token;
  /** Default the platform's. */
  readonly fetch?: Send;
}

/** What came back. */
export interface Answer<Content> {
  /** Undefined, whatever its type, when `Prefer: return=minimal` was asked for. */
  readonly data: Content;
  /** Version of the record, for `If-Match`; undefined when the answer has none. */
  readonly etag: string | undefined;
  readonly status: number;
  readonly headers: Headers;
}

/**
 * The REST API of an appliance, by method and path as its OpenAPI document has them. Each call rejects with `ApiError`
 * when the answer is an error, `ConnectionError` when there is none, and the signal's reason when that aborts.
 */
export interface Client {
  get: Call<'get'>;
  post: Call<'post'>;
  put: Call<'put'>;
  patch: Call<'patch'>;
  delete: Call<'delete'>;
  /** Gets a file or a stream, unread; it is sent again only until its answer begins. */
  open<Path extends PathWith<'get'>>(
    path: Path,
    ...options: OptionsParameter<Operation<Path, 'get'>>
  ): Promise<Response>;
  /** Every item of every page, each page asked for when its first item is; `limit` is the size of a page. */
  pages<Path extends PagedPath>(
    path: Path,
    ...options: OptionsParameter<Operation<Path, 'get'>>
  ): AsyncIterable<Item<Path>>;
  /**
   * Changes a record from what it is: reads it, and sends what `change` makes of it with `If-Match`. When somebody else
   * was quicker it begins again, five times at most; then it rejects with the `ApiError` of status 412.
   */
  update<Path extends PathWith<'get'> & PathWith<'patch'>>(
    path: Path,
    options: Options<Operation<Path, 'get'>> & RequestOptions,
    change: (record: Data<Operation<Path, 'get'>>) => Body<Operation<Path, 'patch'>>,
  ): Promise<Answer<Data<Operation<Path, 'patch'>>>>;
}

/** Sends one request and reads its answer. */
export type Call<Verb extends Method> = <Path extends PathWith<Verb>>(
  path: Path,
  ...options: OptionsParameter<Operation<Path, Verb>>
) => Promise<Answer<Data<Operation<Path, Verb>>>>;

/** Attempts of `update` to change what it has read. */
const updateAttempts = 5;

/** A client of the appliance at `baseUrl`; nothing is sent before the first call. */
export function createClient(options: ClientOptions): Client {
  const { baseUrl, token, fetch: given = (sent) => fetch(sent) } = options;
  const send = retrying(token === undefined ? given : authorized(given, new TokenKeeper(token)), options);
  const to = { baseUrl, send };

  function call<Verb extends Method>(method: Uppercase<Verb>): Call<Verb> {
    async function one<Path extends PathWith<Verb>>(
      path: Path,
      ...sent: OptionsParameter<Operation<Path, Verb>>
    ): Promise<Answer<Data<Operation<Path, Verb>>>>;
    async function one(path: string, sent?: RequestOptions): Promise<Answer<unknown>> {
      return answerOf(await request(to, method, path, sent));
    }
    return one;
  }

  function pages<Path extends PagedPath>(
    path: Path,
    ...sent: OptionsParameter<Operation<Path, 'get'>>
  ): AsyncIterable<Item<Path>>;
  function pages(path: string, sent: RequestOptions = {}): AsyncIterable<unknown> {
    return itemsOf(async (cursor) => {
      const query = cursor === undefined ? sent.params?.query : { ...sent.params?.query, cursor };
      const params = query === undefined ? sent.params : { ...sent.params, query };
      return contentOf(await request(to, 'GET', path, params === undefined ? sent : { ...sent, params }));
    });
  }

  async function update<Path extends PathWith<'get'> & PathWith<'patch'>>(
    path: Path,
    sent: Options<Operation<Path, 'get'>> & RequestOptions,
    change: (record: Data<Operation<Path, 'get'>>) => Body<Operation<Path, 'patch'>>,
  ): Promise<Answer<Data<Operation<Path, 'patch'>>>> {
    for (let attempt = 1; ; attempt += 1) {
      const read = await request(to, 'GET', path, sent);
      const etag = read.headers.get('etag');
      const body = change(await contentOf(read));
      try {
        return await answerOf(await request(to, 'PATCH', path, changing(sent, body, etag)));
      } catch (error) {
        const isStale = error instanceof ApiError && error.status === 412;
        if (!isStale || attempt === updateAttempts) throw error;
      }
    }
  }

  return {
    get: call('GET'),
    post: call('POST'),
    put: call('PUT'),
    patch: call('PATCH'),
    delete: call('DELETE'),
    open: async (path: string, sent?: RequestOptions) => request(to, 'GET', path, sent),
    pages,
    update,
  };
}

async function answerOf<Content>(answer: Response): Promise<Answer<Content>> {
  const { status, headers } = answer;
  return { data: await contentOf(answer), etag: headers.get('etag') ?? undefined, status, headers };
}

/** The change of a record that was read with these options. */
function changing(
  { params, headers, signal }: RequestOptions,
  body: unknown,
  etag: string | null,
): RequestOptions {
  const { path } = params ?? {};
  return {
    body,
    headers: { ...headers, ...(etag === null ? {} : { 'if-match': etag }) },
    ...(path === undefined ? {} : { params: { path } }),
    ...(signal === undefined ? {} : { signal }),
  };
}
