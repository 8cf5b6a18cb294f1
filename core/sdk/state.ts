/** One stored document. */
export interface StateEntry<Value = unknown> {
  readonly key: string;
  readonly value: Value;
  /** Grows by one with each write; 1 for the first. Goes on after a deletion or expiry for a day. */
  readonly version: number;
  readonly updatedAt: Date;
}

/** On what condition a document is written, and for how long. */
export interface PutOptions {
  /** Write only if this is the current version; 0 means the key must not exist. Throws `STATE_CONFLICT` otherwise. */
  readonly ifVersion?: number;
  /** Forget the entry after this long, by the database's clock; default never. */
  readonly ttlMs?: number;
}

/** Versioned documents of this plugin, kept in PostgreSQL. Keys are up to 512 characters, values up to 1 MB of JSON. */
export interface State {
  get<Value = unknown>(key: string): Promise<StateEntry<Value> | undefined>;
  put<Value>(key: string, value: Value, options?: PutOptions): Promise<StateEntry<Value>>;
  /** False when there was nothing. */
  delete(key: string, options?: Pick<PutOptions, 'ifVersion'>): Promise<boolean>;
  /** Entries whose key begins with the prefix, by key; `limit` default 100, at most 1,000. */
  list<Value = unknown>(
    prefix: string,
    options?: { readonly after?: string; readonly limit?: number },
  ): Promise<StateEntry<Value>[]>;
  /** Calls back after each committed change below the prefix, on every replica; `undefined` means deleted. */
  watch(prefix: string, listener: (key: string, entry: StateEntry | undefined) => void): void;
  /**
   * A value kept for `ttlMs` in this process and computed once however many ask for it at the same time.
   * `undefined`, `null` and errors are not kept.
   */
  cached<Value>(key: string, ttlMs: number, load: () => Promise<Value>): Promise<Value>;
  /** Drops a cached value on every replica; a computation under way is not kept. */
  forget(key: string): Promise<void>;
}
