/** An access token and how long it may be used. */
export interface IssuedToken {
  readonly token: string;
  /** Lifetime from now, milliseconds; another token is asked for shortly before. Default until it is refused. */
  readonly lifetimeMs?: number;
}

/**
 * An access token, or a function that gets one. The function is asked before the first request, shortly before the
 * token ends, and when the appliance refuses it with 401; never twice at the same time.
 */
export type Token = string | (() => Promise<string | IssuedToken> | string | IssuedToken);

/** How long before its end a token is no longer sent, milliseconds; at most half its lifetime. */
const marginMs = 10_000;

/** Keeps a token until its end. */
export class TokenKeeper {
  readonly #source: Token;
  #kept: { readonly token: Promise<string>; ends(): boolean } | undefined;

  constructor(source: Token) {
    this.#source = source;
  }

  /** Whether another token can be had when one is refused. */
  get renewable(): boolean {
    return typeof this.#source === 'function';
  }

  /** The token to send; `refused` is one that must not be given again. Rejects as the function does. */
  async token(refused?: string): Promise<string> {
    const source = this.#source;
    if (typeof source === 'string') return source;
    const kept = this.#kept;
    if (kept !== undefined && !kept.ends()) {
      const token = await kept.token;
      if (token !== refused) return token;
      // Whoever else was refused it may have asked for another one meanwhile.
      if (this.#kept !== kept) return this.token(refused);
    }
    return this.#ask(source);
  }

  async #ask(source: Exclude<Token, string>): Promise<string> {
    let until = Number.POSITIVE_INFINITY;
    const token = (async () => {
      const issued = await source();
      if (typeof issued === 'string') return issued;
      const { lifetimeMs = until } = issued;
      until = performance.now() + lifetimeMs - Math.min(marginMs, lifetimeMs / 2);
      return issued.token;
    })();
    const kept = { token, ends: () => performance.now() >= until };
    this.#kept = kept;
    try {
      return await token;
    } catch (error) {
      if (this.#kept === kept) this.#kept = undefined;
      throw error;
    }
  }
}
