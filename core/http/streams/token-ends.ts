import type { Caller } from '@orchestrall/sdk';

/** The access token that a stream was opened with, and who held it then. */
export interface StreamToken {
  readonly token: string;
  readonly caller: Caller;
  /** From when on it is accepted no longer, on the clock of `performance.now()`. */
  readonly endsAtMs: number;
}

/** Why a stream ends with its token: no longer accepted, or its caller has joined or left a team. */
export type TokenEnd = 'token_ended' | 'teams_changed';

/** Who holds a token now; `refused` when it is not accepted, `unknown` when that cannot be told at the moment. */
export type TokenHolder = Caller | 'refused' | 'unknown';

interface Held {
  readonly token: string;
  readonly caller: Caller;
  readonly timer: NodeJS.Timeout | undefined;
  end(reason: TokenEnd): void;
}

/** Longest delay of a timer; a token that lives longer is found by `check`. */
const longestDelayMs = 2 ** 31 - 1;

/**
 * Ends each stream with its token: at its expiry by itself, after a revocation with the next `check`. So does a change of
 * its caller's teams, by which was decided what the stream shows.
 */
export class TokenEnds {
  readonly #holderOf: (token: string) => Promise<TokenHolder>;
  readonly #held = new Map<object, Held>();
  #checking = false;

  /** `holderOf` never rejects. */
  constructor(holderOf: (token: string) => Promise<TokenHolder>) {
    this.#holderOf = holderOf;
  }

  /** Calls `end` once when a stream is to end; `release` the stream when it has ended. */
  hold(stream: object, { token, caller, endsAtMs }: StreamToken, end: (reason: TokenEnd) => void): void {
    const leftMs = Math.max(0, endsAtMs - performance.now());
    const timer =
      leftMs > longestDelayMs
        ? undefined
        : setTimeout(() => this.#end(stream, 'token_ended'), leftMs).unref();
    this.#held.set(stream, { token, caller, timer, end });
  }

  /** Forgets a stream. */
  release(stream: object): void {
    clearTimeout(this.#held.get(stream)?.timer);
    this.#held.delete(stream);
  }

  /** Asks for each token who holds it now; not while an earlier question is open. */
  async check(): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    const tokens = new Set(Array.from(this.#held.values(), ({ token }) => token));
    await Promise.all(
      Array.from(tokens, async (token) => {
        const holder = await this.#holderOf(token);
        if (holder === 'unknown') return;
        for (const [stream, held] of this.#held) {
          if (held.token !== token) continue;
          if (holder === 'refused') this.#end(stream, 'token_ended');
          else if (!hasSameTeams(holder, held.caller)) this.#end(stream, 'teams_changed');
        }
      }),
    );
    this.#checking = false;
  }

  #end(stream: object, reason: TokenEnd): void {
    const held = this.#held.get(stream);
    this.release(stream);
    held?.end(reason);
  }
}

function hasSameTeams(one: Caller, other: Caller): boolean {
  if (one === other) return true;
  return isSame(one.teams, other.teams) && isSame(one.leads, other.leads);
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((team, index) => team === other[index]);
}
