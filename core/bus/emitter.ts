import type { EmitOptions, EventDefinition, Statement } from '@orchestrall/sdk';
import { withoutScope } from '../telemetry/scope.ts';
import { effectPort } from '../database/effects.ts';
import type { EmitPort } from '../database/effects.ts';
import type { ScopedDatabase } from '../database/scoped-database.ts';
import type { NamedStatement } from '../database/session.ts';
import { toOutgoing, toParameter } from './envelope.ts';
import type { OutgoingEvent } from './envelope.ts';
import type { EventStamp } from './event-id.ts';
import { busError } from './errors.ts';

/** Which events an owner may emit; `core` or a plugin's name. */
export class Declarations {
  readonly #types = new Map<string, Map<string, number>>();

  /** Declares events of one generation; disposing the result takes them back. */
  add(owner: string, definitions: readonly EventDefinition[]): Disposable {
    const types = this.#types.get(owner) ?? new Map<string, number>();
    this.#types.set(owner, types);
    for (const { type } of definitions) types.set(type, (types.get(type) ?? 0) + 1);
    let ended = false;
    return {
      [Symbol.dispose]: () => {
        if (ended) return;
        ended = true;
        for (const { type } of definitions) {
          const left = (types.get(type) ?? 1) - 1;
          if (left === 0) types.delete(type);
          else types.set(type, left);
        }
      },
    };
  }

  /** Throws `EVENT_NOT_DECLARED`. */
  check(owner: string, type: string): void {
    if (this.#types.get(owner)?.has(type) !== true)
      throw busError('EVENT_NOT_DECLARED', { plugin: owner, type });
  }
}

/** Where an owner's events come from, as in the envelope. */
export function sourceOf(owner: string, room = 'kernel'): string {
  return owner === 'core' ? `/core/${room}` : `/plugins/${owner}`;
}

function emitStatement(events: readonly OutgoingEvent[]): NamedStatement {
  return { name: 'bus.emit', sql: 'select core.emit_events($1)', parameters: [toParameter(events)] };
}

/**
 * The port by which transactions of the database room emit: events are checked at once and written in the round
 * trip that commits, after the transaction has all its row locks, so that writers that conflict are in order.
 */
export function createEmitPort(
  declarations: Declarations,
  stamp: () => EventStamp,
  committed: () => void,
): EmitPort {
  return effectPort({
    prepare(scope, definition: EventDefinition, data: unknown, options: EmitOptions | undefined) {
      declarations.check(scope.owner, definition.type);
      const effect = toOutgoing(sourceOf(scope.owner), stamp(), definition, data, options);
      return { effect, result: effect.id };
    },
    statements: (events: readonly OutgoingEvent[]): readonly Statement[] => [emitStatement(events)],
    committed,
  });
}

const maxTogether = 500;
/** Of data written together, unless one event alone has more: a text has a longest length, and what is too long for it would fail all. */
const maxCharactersTogether = 4_194_304;

/**
 * Stores events that belong to no transaction of their emitter. Those that arrive while a write is under way are
 * written together, so that many emitters share a commit.
 */
export class EmitQueue {
  readonly #database: ScopedDatabase;
  readonly #committed: () => void;
  #waiting: { readonly event: OutgoingEvent; readonly done: PromiseWithResolvers<string> }[] = [];
  #writing: Promise<void> | undefined;

  constructor(database: ScopedDatabase, committed: () => void) {
    this.#database = database;
    this.#committed = committed;
  }

  /** Resolves with the event's id once it is stored. */
  add(event: OutgoingEvent): Promise<string> {
    const done = Promise.withResolvers<string>();
    this.#waiting.push({ event, done });
    this.#writing ??= withoutScope(async () => this.#write());
    return done.promise;
  }

  /** Resolves when nothing waits. */
  async drained(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    // What is emitted in this turn of the loop goes together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const together = this.#waiting.splice(0, this.#countTogether());
      try {
        await this.#database.query(emitStatement(together.map((one) => one.event)));
        for (const one of together) one.done.resolve(one.event.id);
        this.#committed();
      } catch (error) {
        for (const one of together) one.done.reject(error);
      }
    }
    this.#writing = undefined;
  }

  #countTogether(): number {
    let characters = 0;
    const first = this.#waiting.slice(0, maxTogether);
    const beyond = first.findIndex(({ event }) => (characters += event.data.length) > maxCharactersTogether);
    return beyond < 0 ? first.length : Math.max(1, beyond);
  }
}
