import { isId } from '@orchestrall/sdk';
import Type from 'typebox';
import type { Field } from './field.ts';
import { Id, Nullable, Tags } from './schemas.ts';
import { keepTag, maxTags } from './tag.ts';
import { foldCase, keepText } from './text.ts';
import type { TextResult } from './text.ts';

/** What is said of a field beside its type. */
interface Described {
  readonly description: string;
  readonly headers?: readonly string[];
  readonly search?: Field['search'];
}

/** Free text of up to `maxLength` characters, or null. */
export function textField(maxLength: number, described: Described) {
  return optionalText(maxLength, described, (given) => keepText(given, maxLength));
}

/** Text that no record is without; `reason` says why, such as `a company has a name`. */
export function requiredTextField(maxLength: number, reason: string, { description, ...said }: Described) {
  const schema = Type.String({ minLength: 1, maxLength, description });
  const { read } = textField(maxLength, { description });
  return {
    schema,
    input: schema,
    column: 'text',
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
export function referenceField() {
  const schema = Nullable(Id);
  return {
    schema,
    input: Type.Optional(schema),
    column: 'uuid',
    headers: [],
    read: (given: unknown) =>
      readText(given, (text) => {
        const id = text.trim().toLowerCase();
        return isId(id)
          ? { text: id }
          : { fault: 'must be an id, such as 01890a5d-ac96-774b-bcce-b302099a8057' };
      }),
  } satisfies Field;
}

/** Tags: normalised, without doubles, sorted; none when absent. */
export function tagsField() {
  return {
    schema: Tags,
    input: Type.Optional(Nullable(Tags)),
    column: 'text[]',
    headers: ['tag', 'labels', 'categories'],
    read(given: unknown) {
      const items: unknown = given ?? [];
      if (!Array.isArray(items)) return refused([], `must be a list of texts, is ${kindOf(items)}`);
      const tags = items.map((item: unknown) =>
        typeof item === 'string' ? keepTag(item) : { fault: `must be text, is ${kindOf(item)}` },
      );
      const kept = [...new Set(tags.flatMap(({ text }) => text ?? []))].toSorted();
      const faults = tags.flatMap(({ fault }, index) =>
        fault === undefined ? [] : [{ path: `/${index}`, message: fault }],
      );
      if (kept.length > maxTags) {
        faults.push({ path: '', message: `must be at most ${maxTags} tags, are ${kept.length}` });
      }
      return { kept, faults };
    },
  } satisfies Field;
}

function optionalText(
  maxLength: number,
  { description, headers = [], search }: Described,
  keep: (given: string) => TextResult,
) {
  const schema = Nullable(Type.String({ description, minLength: 1, maxLength }));
  return {
    schema,
    input: Type.Optional(schema),
    column: 'text',
    headers,
    search,
    read: (given: unknown) => readText(given, keep),
  } satisfies Field;
}

function readText(given: unknown, keep: (given: string) => TextResult) {
  if (given === undefined || given === null) return { kept: null, faults: [] };
  if (typeof given !== 'string') return refused(null, `must be text or null, is ${kindOf(given)}`);
  const { text, fault } = keep(given);
  return text === undefined ? refused(null, fault) : { kept: text, faults: [] };
}

function refused<Kept>(kept: Kept, message: string) {
  return { kept, faults: [{ path: '', message }] };
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
