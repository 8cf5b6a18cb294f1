import type { Event, Log } from '@orchestrall/sdk';
import type { Owner } from '../telemetry/owner.ts';
import { withScope } from '../telemetry/scope.ts';
import { PatternTrie } from './pattern-trie.ts';

/** One observer with the generation it belongs to; the core's own have none. */
interface Observer {
  readonly owner: Owner | undefined;
  readonly handler: (event: Event) => void;
}

/** Handlers that watch events as they pass through this process: no position, no retry, no transaction. */
export class Observers {
  readonly #trie = new PatternTrie<Observer>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Adds an observer; disposing the result ends it. Throws `EVENT_PATTERN_INVALID`. */
  add(pattern: string, owner: Owner | undefined, handler: (event: Event) => void): Disposable {
    return this.#trie.add(pattern, { owner, handler });
  }

  /** Hands an event to every matching observer; what one of them throws is logged and does not reach the others. */
  deliver(event: Event): void {
    for (const observer of this.#trie.match(event.type)) {
      try {
        const outcome: unknown = observe(observer, event);
        // An `async` handler fits as well: nobody else would hear of its failure, which would end the process.
        if (outcome instanceof Promise)
          outcome.catch((error: unknown) => this.#report(observer, event, error));
      } catch (error) {
        this.#report(observer, event, error);
      }
    }
  }

  #report(observer: Observer, event: Event, error: unknown): void {
    const { owner } = observer;
    const fields = {
      plugin: owner?.plugin,
      generation: owner?.generation,
      type: event.type,
      event_id: event.id,
    };
    this.#log.error({ ...fields, error }, 'an observer of events failed');
    // The failure is the plugin's: its owner sees it as one of its own pieces of work.
    owner?.run('event', () => Promise.reject(error)).catch(() => undefined);
  }
}

/** In the scope of the observer's generation, whoever emitted the event. */
function observe({ owner, handler }: Observer, event: Event): unknown {
  if (owner === undefined) return handler(event);
  return withScope({ plugin: owner.plugin, generation: owner.generation }, () => handler(event));
}
