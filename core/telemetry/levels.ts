/** Level of a log record, lowest first; `CRITICAL` is a failure of the appliance itself. */
export type Level = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL';

/** Loggers of Node's words for the levels, and ours. */
export const levelOfWord = {
  trace: 'DEBUG',
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'CRITICAL',
} as const satisfies Readonly<Record<string, Level>>;

/** Levels by logger name; a name without its own inherits that of its longest dotted prefix. */
export class LevelTree {
  readonly #own = new Map<string, Level>();

  constructor(root: Level) {
    this.#own.set('', root);
  }

  /** Sets the level of a logger and of those below it; the empty name is the root. */
  set(name: string, level: Level): void {
    this.#own.set(name, level);
  }

  /** Lets the name inherit again; the root keeps its level. */
  clear(name: string): void {
    if (name !== '') this.#own.delete(name);
  }

  /** The level in effect for a logger. */
  of(name: string): Level {
    for (let prefix = name; prefix !== ''; prefix = prefix.slice(0, Math.max(0, prefix.lastIndexOf('.')))) {
      const level = this.#own.get(prefix);
      if (level !== undefined) return level;
    }
    return this.#own.get('') ?? 'INFO';
  }

  /** What was set, by name; the root under the empty name. */
  list(): ReadonlyMap<string, Level> {
    return this.#own;
  }
}
