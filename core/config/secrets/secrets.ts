import { secretMask, type Secret } from '@orchestrall/sdk';

/** The secrets of one configuration by path. They stand in a private field, which nothing prints or serialises. */
export class Secrets {
  readonly #byPath = new Map<string, Secret>();

  /** Adds a secret; the path is the rendered one, `security.webhook_secret`. */
  add(path: string, secret: Secret): void {
    this.#byPath.set(path, secret);
  }

  /** The secret at a path, `undefined` where none stands. */
  get(path: string): Secret | undefined {
    return this.#byPath.get(path);
  }

  /** Paths at which secrets stand, sorted. */
  paths(): string[] {
    return [...this.#byPath.keys()].toSorted();
  }

  /** A text with every secret of at least four characters in it masked; for messages made by others. */
  mask(text: string): string {
    let masked = text;
    for (const secret of this.#byPath.values()) {
      const plain = secret.reveal();
      if (plain.length >= 4) masked = masked.replaceAll(plain, secretMask);
    }
    return masked;
  }
}
