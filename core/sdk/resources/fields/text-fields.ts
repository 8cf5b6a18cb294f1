import Type from 'typebox';
import { isId } from '../../id.ts';
import type { Field } from './field.ts';
import { Id, Nullable } from './schemas.ts';
import { foldCase, keepText } from './text.ts';
import type { TextResult } from './text.ts';

/** What is said of a field beside its type. */
export interface Described {
  readonly description: string;
  readonly headers?: readonly string[];
  readonly search?: Field['search'];
  readonly folded?: Field['folded'];
  readonly column?: string;
  readonly filterable?: boolean;
  readonly sortable?: boolean;
}

/** Free text of up to `maxLength` characters, or null. */
export function textField(maxLength: number, described: Described) {
  return optionalText(maxLength, described, (given) => keepText(given, maxLength));
}

/** Text of many lines, or null. It fits no index, so that lists are neither filtered nor sorted by it; a search finds it. */
export function longTextField(maxLength: number, described: Described) {
  return { ...textField(maxLength, described), filterable: false, sortable: false } satisfies Field;
}

/** Text that no record is without; `reason` says why, such as `a company has a name`. */
export function requiredTextField(maxLength: number, reason: string, { description, ...said }: Described) {
  const schema = Type.String({ minLength: 1, maxLength, description });
  const { read } = textField(maxLength, { description });
  return {
    schema,
    input: schema,
    type: 'text',
    required: true,
    headers: [],
    ...said,
    read(given: unknown) {
      const { kept, faults } = read(given);
      const absent = kept === null && faults.length === 0;
      const missing = { path: '', message: `must be given; ${reason}` };
      return { kept: kept ?? '', faults: absent ? [missing] : faults };
    },
  } satisfies Field;
}

/** An e-mail address: one `@`, no white space, up to 254 characters (RFC 5321, 4.5.3.1.3); or null. */
export function emailField(described: Described) {
  return optionalText(254, described, (given) => {
    const kept = keepText(given, 254);
    if (kept.text === undefined || /^[^\s@,;<>"]+@[^\s@,;<>"]+$/u.test(kept.text)) return kept;
    return { fault: 'must be one e-mail address such as ada@example.com' };
  });
}

/** A phone number as it was written, with 3 to 20 digits in it, found by them; or null. */
export function phoneField(described: Described) {
  return optionalText(50, { ...described, search: 'digits' }, (given) => {
    const kept = keepText(given, 50);
    if (kept.text === undefined) return kept;
    const digits = kept.text.replaceAll(/\D/g, '').length;
    return digits >= 3 && digits <= 20 ? kept : { fault: `must hold 3 to 20 digits, holds ${digits}` };
  });
}

/** An internet domain, kept in lower case; or null. */
export function domainField(described: Described) {
  return optionalText(253, described, (given) => {
    const kept = keepText(given, 253);
    if (kept.text === undefined) return kept;
    const text = foldCase(kept.text);
    if (/^([\p{L}\p{N}]([\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?\.)+[\p{L}\p{N}-]{2,}$/u.test(text))
      return { text };
    return { fault: 'must be a domain such as example.com, without scheme and path' };
  });
}

/** An `http` or `https` address, or null. */
export function websiteField(described: Described) {
  return optionalText(2_000, described, (given) => {
    const kept = keepText(given, 2_000);
    if (kept.text === undefined) return kept;
    const url = URL.parse(kept.text);
    if (url !== null && /^https?:$/.test(url.protocol)) return kept;
    return { fault: 'must be an address such as https://example.com' };
  });
}

/** The id of another record, or null; whether there is such a record is for the kind to find out. */
export function referenceField(described: Partial<Described> = {}) {
  const schema = Nullable(Type.String({ ...Id, ...describe(described.description) }));
  return {
    schema,
    input: Type.Optional(schema),
    type: 'uuid',
    headers: [],
    ...aboutColumn(described),
    read: (given: unknown) =>
      readText(given, (text) => {
        const id = text.trim().toLowerCase();
        return isId(id)
          ? { text: id }
          : { fault: 'must be an id, such as 01890a5d-ac96-774b-bcce-b302099a8057' };
      }),
  } satisfies Field;
}

/** One of these names, or null. */
export function choiceField<const Choice extends string>(choices: readonly Choice[], described: Described) {
  const schema = Type.Unsafe<Choice | null>({
    type: ['string', 'null'],
    enum: [...choices, null],
    description: described.description,
  });
  return {
    schema,
    input: Type.Optional(schema),
    type: 'text',
    headers: [],
    ...aboutColumn(described),
    read: (given: unknown) =>
      readText(given, (text) =>
        (choices as readonly string[]).includes(text)
          ? { text }
          : { fault: `must be one of ${choices.join(', ')}` },
      ),
  } satisfies Field;
}

/** Optional text that `keep` brings into its kept form; for types of one's own. */
export function optionalText(maxLength: number, described: Described, keep: (given: string) => TextResult) {
  const { description } = described;
  const schema = Nullable(Type.String({ description, minLength: 1, maxLength }));
  return {
    schema,
    input: Type.Optional(schema),
    type: 'text',
    headers: [],
    ...aboutColumn(described),
    read: (given: unknown) => readText(given, keep),
  } satisfies Field;
}

/** What is said of a field's column and of its place in files. */
export function aboutColumn(described: Partial<Described>): Omit<Described, 'description'> {
  const { description, ...about } = described;
  return description === undefined ? described : about;
}

/** Reads optional text; what is neither text nor null is refused. */
export function readText(given: unknown, keep: (given: string) => TextResult) {
  if (given === undefined || given === null) return { kept: null, faults: [] };
  if (typeof given !== 'string') return refused(null, `must be text or null, is ${kindOf(given)}`);
  const { text, fault } = keep(given);
  return text === undefined ? refused(null, fault) : { kept: text, faults: [] };
}

/** The answer of a field's `read` that refuses a value. */
export function refused<Kept>(kept: Kept, message: string) {
  return { kept, faults: [{ path: '', message }] };
}

/** What kind of JSON value it is, for messages. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

function describe(description: string | undefined): { readonly description?: string } {
  return description === undefined ? {} : { description };
}
