const nameForm = /^[a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)*$/;
const maxAsked = 10_000;

/** Whether a name is lower-case words of letters, digits, `-` or `_` joined by dots, of at most 100 characters. */
export function isFlagName(name: string): boolean {
  return name.length <= 100 && nameForm.test(name);
}

/** Flags that mean something although nothing has set them: each plugin's own, and those that plugins have asked for. */
export class KnownFlags {
  #declared: () => Iterable<string> = () => [];
  readonly #fallbacks = new Map<string, boolean>();

  /** Names the flags that exist whatever anybody asks, such as `plugin.<name>` of every plugin at hand. */
  declare(names: () => Iterable<string>): void {
    this.#declared = names;
  }

  /** Remembers that a plugin asks for this flag, and what it takes where nobody decides. */
  ask(name: string, fallback?: boolean): void {
    if (fallback === undefined && this.#fallbacks.has(name)) return;
    // Bounded, since a plugin may make up names; no flag's, and nobody could set it.
    if (!this.#fallbacks.has(name) && (this.#fallbacks.size >= maxAsked || !isFlagName(name))) return;
    this.#fallbacks.set(name, fallback ?? false);
  }

  /** Value of a flag where nobody decides: what a plugin asked with last, else false. */
  fallbackOf(name: string): boolean {
    return this.#fallbacks.get(name) ?? false;
  }

  names(): Set<string> {
    return new Set([...this.#declared(), ...this.#fallbacks.keys()]);
  }
}
