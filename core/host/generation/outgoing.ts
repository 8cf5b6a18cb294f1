import { matchesHost } from '../../config/host-pattern.ts';
import { coreError } from '../../errors.ts';
import { currentScope, withoutScope } from '../../telemetry/scope.ts';

/** Which hosts a plugin may reach, and until when. */
export interface OutgoingOptions {
  readonly plugin: string;
  /** Hosts the manifest asks for: `example.com`, `*.example.com`, `host:port`. */
  readonly requested: readonly string[];
  /** Hosts the client's YAML allows this plugin, read at each call so that an edit applies at once. */
  readonly allowed: () => readonly string[];
  /** Aborted when the generation is disposed. */
  readonly signal: AbortSignal;
  readonly fetch: typeof globalThis.fetch;
}

const fromConfiguration = 'config:';

/** The hosts that a manifest asks for, `config:key` being that of the address which the configuration has there. */
export function requestedHosts(hosts: readonly string[], config: unknown): string[] {
  return hosts.flatMap((host) => {
    if (!host.startsWith(fromConfiguration)) return [host];
    if (typeof config !== 'object' || config === null) return [];
    const address: unknown = Reflect.get(config, host.slice(fromConfiguration.length));
    const named = typeof address === 'string' ? URL.parse(address)?.host : undefined;
    return named === undefined || named === '' ? [] : [named];
  });
}

const maxRedirects = 5;
const redirectStatuses = new Set([301, 302, 303, 307, 308]);
/** What speaks for the caller to the host that it meant, and to no other. */
const credentialHeaders = ['authorization', 'cookie', 'proxy-authorization'];
const bodyHeaders = [
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-type',
];

/**
 * `fetch` that reaches only hosts which manifest and client YAML both name; redirects are followed by hand so
 * that each hop is checked. The trace of the work around it is passed on. Throws `HOST_NOT_ALLOWED`, and as `fetch`
 * does a `TypeError` for a redirect where `redirect` is `error`.
 */
export function createOutgoingFetch(options: OutgoingOptions): typeof globalThis.fetch {
  const check = (url: URL): void => {
    const named = (hosts: readonly string[]): boolean => hosts.some((pattern) => matchesHost(pattern, url));
    const isHttp = url.protocol === 'https:' || url.protocol === 'http:';
    if (isHttp && named(options.requested) && named(options.allowed())) return;
    throw coreError('HOST_NOT_ALLOWED', { plugin: options.plugin, host: url.host });
  };
  return async (input, init) => {
    let request = new Request(input, init);
    const { traceparent } = currentScope();
    if (traceparent !== undefined && !request.headers.has('traceparent')) {
      request.headers.set('traceparent', traceparent);
    }
    for (let hop = 0; ; hop += 1) {
      check(new URL(request.url));
      const signal = AbortSignal.any([options.signal, request.signal]);
      const body = request.body === null ? undefined : await request.clone().arrayBuffer();
      const response = await withoutScope(async () => options.fetch(request, { signal, redirect: 'manual' }));
      const location = redirectStatuses.has(response.status) ? response.headers.get('location') : null;
      if (location === null || request.redirect === 'manual') return response;
      if (request.redirect === 'error') throw new TypeError(`${request.url} redirects, which was ruled out`);
      if (hop === maxRedirects) throw new TypeError(`more than ${maxRedirects} redirects`);
      await response.body?.cancel();
      request = followed(request, response.status, new URL(location, request.url), body);
    }
  };
}

/** The next request of a redirect (https://fetch.spec.whatwg.org/#http-redirect-fetch). */
function followed(request: Request, status: number, url: URL, body: ArrayBuffer | undefined): Request {
  const toGet =
    (status === 303 && request.method !== 'HEAD') ||
    ((status === 301 || status === 302) && request.method === 'POST');
  const headers = new Headers(request.headers);
  const isElsewhere = url.origin !== new URL(request.url).origin;
  if (isElsewhere) for (const name of credentialHeaders) headers.delete(name);
  if (toGet) for (const name of bodyHeaders) headers.delete(name);
  return new Request(url, {
    method: toGet ? 'GET' : request.method,
    headers,
    signal: request.signal,
    ...(toGet || body === undefined ? {} : { body }),
  });
}
