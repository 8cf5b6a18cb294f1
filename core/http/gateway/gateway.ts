import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setImmediate as immediate, setTimeout as pause } from 'node:timers/promises';
import { createServer } from '../../node-http.ts';
import type { CoreLog } from '../../telemetry/logs.ts';
import { coreError } from '../../errors.ts';
import { answerBrokenRequest } from './broken-request.ts';
import { readCertificate } from './certificate.ts';
import type { CertificateFiles } from './certificate.ts';
import type { ChildTarget } from '../pipeline/child.ts';
import { PrefixTable } from './prefix-table.ts';
import type { GatewayTarget, PrefixEntry, PrefixTarget } from './prefix-table.ts';
import { pathOf } from '../errors/problem.ts';
import { refuseUpgrade } from '../pipeline/refusal.ts';
import type { Refused } from '../pipeline/refusal.ts';
import { isForServer, settleHead } from './request-head.ts';
import { stopListening } from './stop-listening.ts';
import { responseHeaders } from '../pipeline/response-headers.ts';

/** What the gateway needs, and its bounds. */
export interface GatewayOptions {
  /** Answers whatever no prefix matches: the core's own routes, `ROUTE_NOT_FOUND`, and requests that are refused. */
  readonly core: ChildTarget;
  readonly log: CoreLog;
  /** Files in PEM; without them the gateway speaks plain HTTP. */
  readonly tls?: CertificateFiles;
  /** Time for a request's headers to arrive; default 20,000. */
  readonly headersTimeoutMs?: number;
  /** Time for a whole request to arrive, its body included; default 300,000. */
  readonly requestTimeoutMs?: number;
  /** How long an idle connection is kept; default 72,000, above the 60 s of usual proxies. */
  readonly keepAliveTimeoutMs?: number;
  /** Bytes of request line and headers; default 16,384. */
  readonly maxHeaderBytes?: number;
  /** Open connections; more are dropped and logged; default 10,000. */
  readonly maxConnections?: number;
}

/** The one listening server: finds the target of each request by its prefix and hands it over whole. */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #upgraded = new Set<Duplex>();
  #server: Server | TlsServer | undefined;
  #table = new PrefixTable([]);
  #inFlight = 0;
  #stopping = false;
  #held: (() => void)[] | undefined;
  #whenIdle: (() => void) | undefined;

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  /** Requests that are being answered now; upgraded connections are not among them. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Replaces all prefixes in one step; throws a TypeError on a malformed or doubled prefix and then changes nothing. */
  setTable(entries: readonly PrefixEntry[]): void {
    this.#table = new PrefixTable(entries.map((entry) => this.#servedBy(entry)));
  }

  /** Listens; port 0 picks one. Throws `ADDRESS_UNAVAILABLE` and `CERTIFICATE_UNUSABLE`. */
  async listen(address: {
    readonly host: string;
    readonly port: number;
  }): Promise<{ port: number; url: string }> {
    const server = await this.#createServer();
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      const refused = (error: Error): void => reject(addressUnavailable(address, error));
      server.once('error', refused);
      server.listen(address.port, address.host, () => {
        server.off('error', refused);
        resolve();
      });
    });
    server.on('error', (error) => this.#options.log.error({ error }, 'the HTTP server failed'));
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
    const host = address.host.includes(':') ? `[${address.host}]` : address.host;
    return { port, url: `${this.#options.tls === undefined ? 'http' : 'https'}://${host}:${port}` };
  }

  /** Reads the TLS files again for new connections; throws `CERTIFICATE_UNUSABLE` and then keeps the old ones. */
  async reloadCertificate(): Promise<void> {
    const { tls, log } = this.#options;
    if (tls === undefined || !(this.#server instanceof TlsServer)) return;
    const { files, validUntil, sha256 } = await readCertificate(tls);
    this.#server.setSecureContext(files);
    log.info({ valid_until: validUntil.toISOString(), sha256 }, 'the certificate was read again');
  }

  /**
   * From this call on answers every request but GET and HEAD /health/live with `SHUTTING_DOWN`, waits for those in
   * flight and closes everything. Resolves with the number of requests and upgraded connections that were cut at the
   * deadline, default 30,000 ms.
   */
  async stop(deadlineMs = 30_000): Promise<{ cut: number }> {
    this.#stopping = true;
    const server = this.#server;
    if (server === undefined) return { cut: 0 };
    const deadline = setTimeout(() => this.#whenIdle?.(), deadlineMs);
    if (this.#inFlight + this.#upgraded.size > 0) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    }
    clearTimeout(deadline);
    const cut = this.#inFlight + this.#upgraded.size;
    // Not by `events.once`: an error of the server, such as a connection that cannot be accepted, must not end it.
    const closed = new Promise<void>((resolve) => server.once('close', resolve));
    for (const socket of this.#upgraded) socket.destroy();
    await this.#stopListening(server);
    await Promise.race([closed, pause(lingerMs, undefined, { ref: false })]);
    // What has arrived by now is being answered; who sent nothing is let go first.
    await immediate();
    server.close(() => undefined);
    await Promise.race([closed, pause(lingerMs, undefined, { ref: false })]);
    server.closeAllConnections();
    await closed;
    return { cut };
  }

  /** Answers meanwhile nobody: who has an answer comes back at once, and it would never be quiet enough to end. */
  async #stopListening(server: Server): Promise<void> {
    const held: (() => void)[] = [];
    this.#held = held;
    await stopListening(server);
    this.#held = undefined;
    for (const answer of held) answer();
  }

  async #createServer(): Promise<Server | TlsServer> {
    const { tls, maxConnections = 10_000, log } = this.#options;
    const headersTimeout = this.#options.headersTimeoutMs ?? 20_000;
    const options: ServerOptions = {
      headersTimeout,
      requestTimeout: this.#options.requestTimeoutMs ?? 300_000,
      // How often the two are looked at; Node's own 30 s would double them.
      connectionsCheckingInterval: Math.min(5_000, headersTimeout / 4),
      keepAliveTimeout: this.#options.keepAliveTimeoutMs ?? 72_000,
      maxHeaderSize: this.#options.maxHeaderBytes ?? 16_384,
      // Checked here instead, so that the answer has our form.
      requireHostHeader: false,
      // Clients may offer other protocols, such as h2c, and must then be answered as if they had not.
      shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === 'websocket',
    };
    const server =
      tls === undefined
        ? createServer(options)
        : createTlsServer({ ...options, ...(await readCertificate(tls)).files, minVersion: 'TLSv1.2' });
    server.maxConnections = maxConnections;
    server.on('request', this.#onRequest);
    server.on('checkExpectation', this.#onRequest);
    server.on('upgrade', this.#onUpgrade);
    server.on('connect', (request: IncomingMessage, socket: Duplex) => {
      refuseUpgrade(
        request,
        socket,
        coreError('METHOD_NOT_ALLOWED', { method: 'CONNECT', path: request.url ?? '' }),
      );
    });
    server.on('clientError', (error: Error, socket: Socket) => {
      answerBrokenRequest(error, socket, this.#options.maxHeaderBytes ?? 16_384);
    });
    server.on('drop', () =>
      log.warn({ max_connections: maxConnections }, 'a connection was dropped: too many'),
    );
    return server;
  }

  readonly #onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    if (this.#held !== undefined) {
      this.#held.push(() => this.#onRequest(request, response));
      return;
    }
    this.#inFlight += 1;
    response.on('close', this.#onResponseClose);
    const reason = settleHead(request);
    const refused = this.#refusedAtOnce(request, reason);
    if (this.#stopping) response.setHeader('connection', 'close');
    if (refused !== undefined) {
      // Whoever wrote a malformed one may mean another end of it than the one found here.
      response.setHeader('connection', 'close');
      this.#options.core.dispatch(request, response, refused);
    } else if (isForServer(request)) {
      response.writeHead(204, { ...responseHeaders, allow: serverMethods }).end();
    } else this.#targetOf(request).dispatch(request, response);
  };

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    this.#upgraded.add(socket);
    socket.on('close', () => {
      this.#upgraded.delete(socket);
      this.#checkIdle();
    });
    const refused = this.#refusedAtOnce(request, settleHead(request));
    if (refused !== undefined) this.#options.core.upgrade(request, socket, head, refused);
    else this.#targetOf(request).upgrade(request, socket, head);
  };

  #refusedAtOnce(request: IncomingMessage, reason: string | undefined): Refused | undefined {
    if (this.#stopping && !asksForLife(request))
      return { error: coreError('SHUTTING_DOWN'), endpoint: '(stopping)', immediate: true };
    if (reason === undefined) return undefined;
    const error = coreError('REQUEST_MALFORMED', { reason });
    return { error, endpoint: '(malformed)', immediate: true };
  }

  /** The entry itself, or one in which the core's child answers for a plugin that does not serve. */
  #servedBy({ prefix, target }: PrefixEntry): PrefixTarget {
    if (!('createError' in target)) return { prefix, target };
    const { core } = this.#options;
    const refused = (): Refused => ({
      error: target.createError(),
      endpoint: `${prefix}/*`,
      immediate: false,
    });
    return {
      prefix,
      target: {
        dispatch: (request, response) => core.dispatch(request, response, refused()),
        upgrade: (request, socket, head) => core.upgrade(request, socket, head, refused()),
      },
    };
  }

  #targetOf({ url = '/' }: IncomingMessage): GatewayTarget {
    return this.#table.find(url) ?? this.#options.core;
  }

  readonly #onResponseClose = (): void => {
    this.#inFlight -= 1;
    this.#checkIdle();
  };

  #checkIdle(): void {
    if (this.#inFlight + this.#upgraded.size === 0) this.#whenIdle?.();
  }
}

/** A process that drains is alive, and whoever watches it would kill it otherwise. */
function asksForLife({ method, url = '' }: IncomingMessage): boolean {
  return (method === 'GET' || method === 'HEAD') && pathOf(url) === '/health/live';
}

const serverMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

/** How long connections stay open for requests that are on their way when the last answer has gone out. */
const lingerMs = 400;

const listenReasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ENOTFOUND: 'this machine does not know that name',
  EACCES: 'this user may not listen there',
};

function addressUnavailable(address: { readonly host: string; readonly port: number }, error: Error): Error {
  const code = 'code' in error ? String(error.code) : '';
  const details = {
    address: `${address.host}:${address.port}`,
    reason: listenReasons[code] ?? error.message,
  };
  return coreError('ADDRESS_UNAVAILABLE', details, error);
}
