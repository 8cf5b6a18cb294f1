import Type from 'typebox';
import type { TStringOptions, TUnsafe } from 'typebox';

/** What a secret shows wherever it is printed, logged or serialised. */
export const secretMask = '[secret]';

/** A text that cannot be logged: printing, inspecting and serialising it give `[secret]`; only `reveal` gives it. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself; hand it straight to what needs it and keep it nowhere else. */
  reveal(): string {
    return this.#text;
  }

  /** Whether both hold the same text. */
  equals(other: Secret): boolean {
    return this.#text === other.#text;
  }

  toString(): string {
    return secretMask;
  }

  toJSON(): string {
    return secretMask;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return secretMask;
  }
}

/**
 * Schema of a secret in a configuration: written as text in the YAML, best as `${file:/path}` or `${VAR}`, and handed
 * over as a `Secret`. Not empty unless `minLength: 0` is given.
 */
export function secretText(options: TStringOptions = {}): TUnsafe<Secret> {
  return Type.Unsafe<Secret>({ minLength: 1, ...options, type: 'string', 'x-secret': true });
}
