import type { Fault } from '@orchestrall/sdk';
import { foldCase, keepText } from './text.ts';
import type { TextResult } from './text.ts';
import { keepTag } from './tag.ts';

/** What a record was given, read: the fields to keep, and every fault found on the way. */
export interface Checked<Fields> {
  readonly fields: Fields;
  readonly faults: readonly Fault[];
}

/** Most tags one record can carry. */
export const maxTags = 50;

/** Kept by the appliance itself; sending them is a mistake worth naming. */
const readOnly = new Set(['id', 'created_at', 'updated_at', 'version']);

/**
 * Reads the fields of one record from what came in over HTTP, a contract or a CSV row. Absent and `null` both
 * read as `null`; faults are collected, so that all are reported at once.
 */
export class FieldReader {
  readonly #given: Readonly<Record<string, unknown>>;
  readonly #known = new Set<string>();
  readonly #faults: Fault[] = [];

  constructor(given: Readonly<Record<string, unknown>>) {
    this.#given = given;
  }

  /** Free text up to `maxLength` characters. */
  text(name: string, maxLength: number): string | null {
    return this.#read(name, (given) => keepText(given, maxLength));
  }

  /** An e-mail address: one `@`, no white space, up to 254 characters (RFC 5321, 4.5.3.1.3). */
  email(name: string): string | null {
    return this.#read(name, (given) => {
      const kept = keepText(given, 254);
      if (kept.text === undefined || /^[^\s@,;<>"]+@[^\s@,;<>"]+$/u.test(kept.text)) return kept;
      return { fault: 'must be one e-mail address such as ada@example.com' };
    });
  }

  /** A phone number as it was written, with 3 to 20 digits in it. */
  phone(name: string): string | null {
    return this.#read(name, (given) => {
      const kept = keepText(given, 50);
      if (kept.text === undefined) return kept;
      const digits = kept.text.replaceAll(/\D/g, '').length;
      return digits >= 3 && digits <= 20 ? kept : { fault: `must hold 3 to 20 digits, holds ${digits}` };
    });
  }

  /** An internet domain, kept in lower case. */
  domain(name: string): string | null {
    return this.#read(name, (given) => {
      const kept = keepText(given, 253);
      if (kept.text === undefined) return kept;
      const text = foldCase(kept.text);
      if (/^([\p{L}\p{N}]([\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?\.)+[\p{L}\p{N}-]{2,}$/u.test(text))
        return { text };
      return { fault: 'must be a domain such as example.com, without scheme and path' };
    });
  }

  /** An `http` or `https` address. */
  website(name: string): string | null {
    return this.#read(name, (given) => {
      const kept = keepText(given, 2_000);
      if (kept.text === undefined) return kept;
      const url = URL.parse(kept.text);
      if (url !== null && /^https?:$/.test(url.protocol)) return kept;
      return { fault: 'must be an address such as https://example.com' };
    });
  }

  /** The id of another record. */
  id(name: string): string | null {
    return this.#read(name, (given) => {
      const text = given.trim().toLowerCase();
      if (isId(text)) return { text };
      return { fault: 'must be an id, such as 01890a5d-ac96-774b-bcce-b302099a8057' };
    });
  }

  /** Tags, normalised, without doubles, sorted. */
  tags(name: string): string[] {
    this.#known.add(name);
    const given = this.#given[name] ?? [];
    if (!Array.isArray(given)) {
      this.fault(name, `must be a list of texts, is ${kindOf(given)}`);
      return [];
    }
    const kept = new Set<string>();
    for (const [index, item] of given.entries()) {
      const tag = typeof item === 'string' ? keepTag(item) : { fault: `must be text, is ${kindOf(item)}` };
      if (tag.text === undefined) this.fault(`${name}/${index}`, tag.fault);
      else kept.add(tag.text);
    }
    if (kept.size > maxTags) this.fault(name, `must be at most ${maxTags} tags, are ${kept.size}`);
    return [...kept].toSorted();
  }

  /** Names a fault; `name` empty for the whole record. */
  fault(name: string, message: string): void {
    this.#faults.push({ path: name === '' ? '' : `/${name}`, message });
  }

  /** Ends the reading: what was not asked for is a fault too. */
  end<Fields>(fields: Fields): Checked<Fields> {
    for (const name of Object.keys(this.#given)) {
      if (this.#known.has(name)) continue;
      const path = name.replaceAll('~', '~0').replaceAll('/', '~1');
      this.fault(path, readOnly.has(name) ? 'is set by the appliance; leave it out' : this.#unknown());
    }
    return { fields, faults: this.#faults };
  }

  #unknown(): string {
    return `is not a field; the fields are ${[...this.#known].join(', ')}`;
  }

  #read(name: string, keep: (given: string) => TextResult): string | null {
    this.#known.add(name);
    const given = this.#given[name];
    if (given === undefined || given === null) return null;
    if (typeof given !== 'string') {
      this.fault(name, `must be text or null, is ${kindOf(given)}`);
      return null;
    }
    const kept = keep(given);
    if (kept.text !== undefined) return kept.text;
    this.fault(name, kept.fault);
    return null;
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

/** Whether text is a UUID. */
export function isId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}
