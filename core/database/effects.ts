import type {
  Answer,
  AuditEntry,
  EmitOptions,
  EnqueueOptions,
  EventDefinition,
  HistoryItem,
  HistorySubject,
  JobDefinition,
  Statement,
} from '@orchestrall/sdk';
import type { Scope } from './scope.ts';

/**
 * What one transaction has gathered of one kind (events, audit entries, jobs).
 * `size` and `truncate` let a savepoint take back what was added since; `statements` are run as the core's
 * role in the same round trip as COMMIT, so that their failure rolls everything back.
 */
export interface EffectBuffer<Parameters extends readonly unknown[], Result> {
  /** Validates and keeps one effect; throws when it is not acceptable. */
  add(...parameters: Parameters): Result;
  readonly size: number;
  truncate(size: number): void;
  /** SQL that stores what is kept; called once, only when `size > 0`. It must raise to refuse. */
  statements(): readonly Statement[];
  /** Called once after the commit, only when `size > 0`; for wake-ups. An error in it is logged, never thrown. */
  committed?(): void;
}

/** Given by the room that owns the tables; `open` is called at the first effect of a transaction. */
export interface EffectPort<Parameters extends readonly unknown[], Result> {
  open(scope: Scope): EffectBuffer<Parameters, Result>;
}

/** Takes the events that a transaction emits; gives the id of each. */
export type EmitPort = EffectPort<
  readonly [definition: EventDefinition, data: unknown, options: EmitOptions | undefined],
  string
>;
/** Takes the audit entries of a transaction. */
export type AuditPort = EffectPort<readonly [entry: AuditEntry], void>;
/** Takes the jobs that a transaction enqueues; gives the id of each. */
export type EnqueuePort = EffectPort<
  readonly [definition: JobDefinition, payload: unknown, options: EnqueueOptions | undefined],
  string
>;
/** Takes the answer of the request under way; undefined forgets the bodies kept for the owner of the transaction. */
export type AnswerPort = EffectPort<readonly [answer: Answer | undefined], void>;

/** What a transaction erases from what the core keeps: all about subjects, and single items. */
export interface ErasedHistory {
  readonly subjects: readonly HistorySubject[];
  readonly items: readonly Pick<HistoryItem, 'kind' | 'id'>[];
}

/** Takes what a transaction erases. */
export type ErasePort = EffectPort<readonly [erased: ErasedHistory], void>;

/** Ports of the rooms above; without one, using it in a transaction throws a `TypeError`, but for `answer`. */
export interface EffectPorts {
  readonly emit?: EmitPort;
  readonly audit?: AuditPort;
  readonly enqueue?: EnqueuePort;
  readonly erase?: ErasePort;
  /** Without it no answer is kept, as where no request is under way. */
  readonly answer?: AnswerPort;
}

/** Makes a port of two plain functions: one that checks an effect, one that stores many. */
export function effectPort<Parameters extends readonly unknown[], Result, Effect>(definition: {
  prepare(scope: Scope, ...parameters: Parameters): { readonly effect: Effect; readonly result: Result };
  statements(effects: readonly Effect[], scope: Scope): readonly Statement[];
  committed?(effects: readonly Effect[], scope: Scope): void;
}): EffectPort<Parameters, Result> {
  return {
    open(scope) {
      const effects: Effect[] = [];
      return {
        add(...parameters) {
          const { effect, result } = definition.prepare(scope, ...parameters);
          effects.push(effect);
          return result;
        },
        get size() {
          return effects.length;
        },
        truncate(size) {
          effects.length = size;
        },
        statements: () => definition.statements(effects, scope),
        committed: () => definition.committed?.(effects, scope),
      };
    },
  };
}

/** The effects of one transaction. */
export interface Effects {
  emit(definition: EventDefinition, data: unknown, options: EmitOptions | undefined): string;
  audit(entry: AuditEntry): void;
  enqueue(definition: JobDefinition, payload: unknown, options: EnqueueOptions | undefined): string;
  /** Keeps an answer; undefined forgets the bodies kept until now. */
  answer(answer: Answer | undefined): void;
  erase(erased: ErasedHistory): void;
  afterCommit(work: () => void): void;
  /** Remembers where things stand; calling the result takes back what came after. */
  mark(): () => void;
  statements(): readonly Statement[];
  readonly callbacks: readonly (() => void)[];
}

/** Opens the buffers of a transaction lazily. */
export function createEffects(ports: EffectPorts, scope: Scope): Effects {
  const emits = lazy(ports.emit, scope, 'events');
  const audits = lazy(ports.audit, scope, 'audit entries');
  const jobs = lazy(ports.enqueue, scope, 'jobs');
  const answers = lazy(ports.answer, scope, 'answers');
  const erasures = lazy(ports.erase, scope, 'erasures');
  // What is erased is what was there before: not what this transaction tells of the erasure.
  const buffers = [erasures, emits, audits, jobs, answers];
  const callbacks: (() => void)[] = [];
  return {
    emit: (...parameters) => emits.open().add(...parameters),
    audit: (...parameters) => audits.open().add(...parameters),
    enqueue: (...parameters) => jobs.open().add(...parameters),
    answer(answer) {
      if (ports.answer !== undefined) answers.open().add(answer);
    },
    erase: (erased) => erasures.open().add(erased),
    afterCommit: (work) => void callbacks.push(work),
    mark() {
      const sizes = buffers.map((buffer) => buffer.opened()?.size ?? 0);
      const count = callbacks.length;
      return () => {
        buffers.forEach((buffer, index) => buffer.opened()?.truncate(sizes[index] ?? 0));
        callbacks.length = count;
      };
    },
    statements: () =>
      buffers.flatMap((buffer) => {
        const opened = buffer.opened();
        return opened === undefined || opened.size === 0 ? [] : opened.statements();
      }),
    get callbacks() {
      const wakeUps = buffers.flatMap((buffer) => {
        const opened = buffer.opened();
        return opened === undefined || opened.size === 0 ? [] : [() => opened.committed?.()];
      });
      return [...callbacks, ...wakeUps];
    },
  };
}

function lazy<Parameters extends readonly unknown[], Result>(
  port: EffectPort<Parameters, Result> | undefined,
  scope: Scope,
  what: string,
): { open(): EffectBuffer<Parameters, Result>; opened(): EffectBuffer<Parameters, Result> | undefined } {
  let buffer: EffectBuffer<Parameters, Result> | undefined;
  return {
    open() {
      if (port === undefined) throw new TypeError(`this database takes no ${what}: no port is connected`);
      buffer ??= port.open(scope);
      return buffer;
    },
    opened: () => buffer,
  };
}
