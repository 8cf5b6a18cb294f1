import { AsyncLocalStorage } from 'node:async_hooks';
import type { Caller } from '@orchestrall/sdk';

/** A request that came with an idempotency key and has none kept yet; what a transaction keeps its answer by. */
export interface KeyedRequest {
  /** Whose route it is: the plugin's name, or `core`. */
  readonly owner: string;
  /** Hash over caller, method, path and key. */
  readonly id: Buffer;
  /** Hash over query and body. */
  readonly digest: Buffer;
  /** Id of this run of the handler. */
  readonly attempt: string;
  /** False once the request is answered: what runs on after it keeps nothing. */
  open: boolean;
  /** Whether a transaction has committed an answer. */
  kept: boolean;
}

/** On whose behalf the current asynchronous work runs; read by logs, audit entries, events and SQL. */
export interface Scope {
  /** Plugin whose code runs; undefined in the core. */
  readonly plugin?: string | undefined;
  readonly generation?: number | undefined;
  /** Id of the request, job or event at the root of this work. */
  readonly correlationId?: string | undefined;
  /** W3C trace context (https://www.w3.org/TR/trace-context/#traceparent-header). */
  readonly traceparent?: string | undefined;
  readonly caller?: Caller | undefined;
  /** Address of the caller, after trusted proxies. */
  readonly remoteAddress?: string | undefined;
  /** The request under way, if it came with an idempotency key. */
  readonly keyedRequest?: KeyedRequest | undefined;
}

const storage = new AsyncLocalStorage<Scope>();
const outside: Scope = {};

/** The scope of the current asynchronous work; empty outside any. */
export function currentScope(): Scope {
  return storage.getStore() ?? outside;
}

/** Runs work in the current scope with some fields replaced. */
export function withScope<Result>(fields: Scope, work: () => Result): Result {
  return storage.run({ ...currentScope(), ...fields }, work);
}

/**
 * Keeps the current scope for work that the core sets off later, such as the abort of a signal: an error in what a
 * plugin listens with is then attributed to the plugin, and does not end the process.
 */
export function keepScope(): <Result>(work: () => Result) => Result {
  const kept = currentScope();
  return (work) => storage.run(kept, work);
}

/** Runs work outside any scope: for what outlives the plugin that happened to ask first, such as a pooled connection. */
export function withoutScope<Result>(work: () => Result): Result {
  return storage.exit(work);
}
