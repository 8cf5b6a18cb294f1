import { createId } from '@orchestrall/sdk';
import type { AppError } from '@orchestrall/sdk';
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { ScopedDatabase } from '../../database/scoped-database.ts';
import { coreError } from '../../errors.ts';
import type { CoreLog } from '../../telemetry/logs.ts';
import { withScope } from '../../telemetry/scope.ts';
import type { KeyedRequest } from '../../telemetry/scope.ts';
import { withTimeLimit } from '../../time-limit.ts';
import { whenBodyIsKnown } from '../body/unread-body.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import { findAnswer, sweepAnswers } from './kept-answers.ts';
import type { KeptAnswer } from './kept-answers.ts';
import { problem, replay, resetHeaders } from './replay.ts';
import { requestDigest, requestIdentity } from './request-digest.ts';

/** Where answers are kept, and who is told of trouble with them. */
export interface IdempotencyOptions {
  readonly database: ScopedDatabase;
  readonly log: CoreLog;
}

/** A keyed request whose handler may run. */
interface Running extends KeyedRequest {
  /** By which it is known among those in flight. */
  readonly name: string;
  /** Names of the headers that the reply had before its handler. */
  readonly headers: ReadonlySet<string>;
}

const sweepEveryMs = 600_000;
/** How long an error waits to be told whether the change was made after all. */
const longestLookMs = 2_000;

/**
 * Does requests with an `Idempotency-Key` once (draft-ietf-httpapi-idempotency-key-header). One for the whole process,
 * since the same request may come to two generations of a plugin. Requests without the header pass untouched.
 */
export class Idempotency implements Disposable {
  readonly #options: IdempotencyOptions;
  readonly #inFlight = new Map<string, Running>();
  readonly #running = new WeakMap<FastifyRequest, Running>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: IdempotencyOptions) {
    this.#options = options;
  }

  /** Begins to remove answers that are older than 24 hours, every ten minutes. */
  start(): void {
    const { database, log } = this.#options;
    this.#timer = setInterval(() => {
      sweepAnswers(database).catch((error: unknown) =>
        log.warn({ error }, 'kept answers could not be swept'),
      );
    }, sweepEveryMs);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** Adds the hooks to a route that is `idempotent`; its owner is a plugin's name, or `core`. */
  guard(route: RouteOptions, owner: string): void {
    route.preValidation = [
      (request, reply, done) => {
        if (request.caller === undefined || request.headers['idempotency-key'] === undefined) {
          done();
          return;
        }
        /* oxlint-disable promise/no-callback-in-promise */
        this.#enter(request, reply, request.caller.id, owner).then(
          (entered) => goOn(entered, done),
          (error: Error) => done(error),
        );
        /* oxlint-enable promise/no-callback-in-promise */
      },
      ...[route.preValidation ?? []].flat(),
    ];
    route.onSend = [
      ...[route.onSend ?? []].flat(),
      (request, reply, payload, done) => {
        const running = this.#running.get(request);
        if (running === undefined) done(null, payload);
        else if (reply.statusCode < 400) {
          running.open = false;
          if (running.kept) this.#leave(running);
          done(null, payload);
        } else {
          // oxlint-disable-next-line promise/no-callback-in-promise -- Fastify's hook ends by a call.
          void this.#answerInstead(request, reply, running).then((instead) => done(null, instead ?? payload));
        }
      },
    ];
  }

  /** Answers a repeat, refuses what is in flight or another request, and lets everything else in. */
  async #enter(
    request: FastifyRequest,
    reply: FastifyReply,
    callerId: string,
    owner: string,
  ): Promise<Running | 'answered' | 'unkeyed'> {
    const key = idempotencyKeyOf(request.raw);
    if (key === undefined) return 'unkeyed';
    const id = requestIdentity(request, callerId, key);
    const digest = requestDigest(request);
    const name = id.toString('base64');
    const other = this.#inFlight.get(name);
    if (other !== undefined) {
      throw other.digest.equals(digest)
        ? coreError('IDEMPOTENCY_IN_FLIGHT', { retryAfterSeconds: 1 })
        : coreError('IDEMPOTENCY_KEY_REUSED');
    }
    const headers = new Set(Object.keys(reply.getHeaders()));
    const running: Running = {
      name,
      headers,
      owner,
      id,
      digest,
      attempt: createId(),
      open: true,
      kept: false,
    };
    this.#inFlight.set(name, running);
    let entered = false;
    try {
      const kept = await findAnswer(this.#options.database, id);
      if (kept === undefined) {
        entered = true;
        this.#running.set(request, running);
        request.work?.whenEnded(() => this.#leave(running));
        return running;
      }
      const reused = refusalOf(kept, digest);
      if (reused !== undefined) throw reused;
      whenBodyIsKnown(request.raw, reply.raw, (close) => {
        if (close) reply.header('connection', 'close');
        void reply.send(replay(reply, kept));
      });
      return 'answered';
    } finally {
      if (!entered) this.#leave(running);
    }
  }

  /**
   * What is sent in place of an error: the change may have been made all the same, by this request or by its repeat at
   * another replica, to which this one lost.
   */
  async #answerInstead(
    request: FastifyRequest,
    reply: FastifyReply,
    running: Running,
  ): Promise<string | undefined> {
    const { database, log } = this.#options;
    const kept = await withTimeLimit(longestLookMs, 'a kept answer was not found in time', () =>
      findAnswer(database, running.id),
    ).catch((error: unknown) => {
      log.warn({ error }, 'an error is answered without knowing whether an answer was kept');
      return undefined;
    });
    // A handler that runs on, beyond its time, may keep its answer yet.
    if (kept !== undefined || request.work?.handling !== true) this.#leave(running);
    if (kept === undefined) return undefined;
    running.open = false;
    const reused = refusalOf(kept, running.digest);
    resetHeaders(reply, running.headers);
    return reused === undefined ? (replay(reply, kept) ?? '') : problem(request, reply, reused);
  }

  #leave(running: Running): void {
    if (this.#inFlight.get(running.name) === running) this.#inFlight.delete(running.name);
  }
}

/** Ends a hook by its call, made inside the scope so that the handler runs there; not where the reply is sent. */
function goOn(entered: Running | 'answered' | 'unkeyed', done: () => void): void {
  if (entered === 'unkeyed') done();
  else if (entered !== 'answered') withScope({ keyedRequest: entered }, done);
}

function refusalOf({ digest }: KeptAnswer, given: Buffer): AppError | undefined {
  return digest.equals(given) ? undefined : coreError('IDEMPOTENCY_KEY_REUSED');
}
