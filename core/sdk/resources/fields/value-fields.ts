import Type from 'typebox';
import type { Field } from './field.ts';
import { Instant, Nullable } from './schemas.ts';
import { aboutColumn, kindOf, readText, refused } from './text-fields.ts';
import type { Described } from './text-fields.ts';

/** A whole number within bounds, or null; text that is one is taken too, since files hold nothing else. */
export function integerField(
  bounds: { readonly minimum: number; readonly maximum: number },
  described: Described,
) {
  const schema = Nullable(Type.Integer({ ...bounds, description: described.description }));
  const fault = `must be a whole number from ${bounds.minimum} to ${bounds.maximum}`;
  return {
    schema,
    input: Type.Optional(schema),
    type: 'bigint',
    headers: [],
    ...aboutColumn(described),
    read(given: unknown) {
      if (given === undefined || given === null) return { kept: null, faults: [] };
      const number =
        typeof given === 'string' && /^[+-]?\d{1,16}$/.test(given.trim()) ? Number(given) : given;
      if (typeof number !== 'number' || !Number.isSafeInteger(number)) return refused(null, fault);
      return number >= bounds.minimum && number <= bounds.maximum
        ? { kept: number, faults: [] }
        : refused(null, fault);
    },
  } satisfies Field;
}

/** How many digits a decimal may have. */
export interface DecimalDigits {
  /** Before the point. */
  readonly whole: number;
  /** After the point. */
  readonly fraction: number;
}

/**
 * A decimal number as text, so that no digit is lost, or null: `-12.50`. Kept without a plus sign and leading zeros,
 * with the zeros after the point that were given.
 */
export function decimalField(digits: DecimalDigits, described: Described) {
  const schema = Nullable(
    Type.String({
      pattern: `^-?\\d{1,${digits.whole}}(\\.\\d{1,${digits.fraction}})?$`,
      description: described.description,
      examples: ['1250.00'],
    }),
  );
  return {
    schema,
    // Without the pattern: `read` says more of what is wrong.
    input: Type.Optional(
      Nullable(Type.String({ description: described.description, examples: ['1250.00'] })),
    ),
    type: 'numeric',
    headers: [],
    ...aboutColumn(described),
    read(given: unknown) {
      // A JSON number may already have lost digits.
      if (typeof given === 'number') return refused(null, 'must be decimal text such as "1250.00"');
      return readText(given, (text) => keepDecimal(text, digits));
    },
  } satisfies Field;
}

/** Brings decimal text into its kept form. */
export function keepDecimal(given: string, { whole, fraction }: DecimalDigits) {
  const match = /^([+-]?)0*(\d+)(?:\.(\d+))?$/.exec(given.trim());
  if (match === null)
    return { fault: 'must be decimal text such as 1250.00, with a point and no separators' };
  const [, sign = '', before = '', after = ''] = match;
  if (before.length > whole || after.length > fraction) {
    return {
      fault: `must have at most ${whole} digits before the point and ${fraction} after it, has ${before.length} and ${after.length}`,
    };
  }
  const zero = /^0*$/.test(before + after);
  return { text: `${sign === '-' && !zero ? '-' : ''}${before}${after === '' ? '' : `.${after}`}` };
}

/** True or false, or null; the words of files are taken too: `true`, `yes`, `1`, and their opposites. */
export function booleanField(described: Described) {
  const schema = Nullable(Type.Boolean({ description: described.description }));
  const words = new Map([
    ...['true', 'yes', '1', 'ja', 'wahr'].map((word) => [word, true] as const),
    ...['false', 'no', '0', 'nein', 'falsch'].map((word) => [word, false] as const),
  ]);
  return {
    schema,
    input: Type.Optional(schema),
    type: 'boolean',
    headers: [],
    ...aboutColumn(described),
    read(given: unknown) {
      if (given === undefined || given === null) return { kept: null, faults: [] };
      const value = typeof given === 'string' ? words.get(given.trim().toLowerCase()) : given;
      return typeof value === 'boolean'
        ? { kept: value, faults: [] }
        : refused(
            null,
            `must be true or false, is ${typeof given === 'string' ? 'another word' : kindOf(given)}`,
          );
    },
  } satisfies Field;
}

/** A calendar date, `2026-11-20` (RFC 3339 full-date), or null. */
export function dateField(described: Described) {
  const schema = Nullable(
    Type.String({ format: 'date', description: described.description, examples: ['2026-11-20'] }),
  );
  return {
    schema,
    input: Type.Optional(schema),
    type: 'date',
    headers: [],
    ...aboutColumn(described),
    read: (given: unknown) =>
      readText(given, (text) => {
        const date = text.trim();
        return isDate(date) ? { text: date } : { fault: 'must be a date such as 2026-11-20' };
      }),
  } satisfies Field;
}

/** An instant, kept as RFC 3339 in UTC with milliseconds, or null; any offset is taken. */
export function instantField(described: Described) {
  const schema = Nullable(Type.String({ ...Instant, description: described.description }));
  return {
    schema,
    input: Type.Optional(schema),
    type: 'timestamptz',
    headers: [],
    ...aboutColumn(described),
    read: (given: unknown) =>
      readText(given, (text) => {
        const instant = keepInstant(text);
        return instant === undefined
          ? { fault: 'must be an instant with its offset, such as 2026-11-20T08:30:00Z' }
          : { text: instant };
      }),
  } satisfies Field;
}

/** An RFC 3339 instant in UTC with milliseconds; undefined when the text is none. */
export function keepInstant(given: string): string | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/.exec(
    given.trim(),
  );
  const [, date] = match ?? [];
  if (date === undefined || !isDate(date)) return undefined;
  const instant = new Date(given.trim());
  if (Number.isNaN(instant.getTime())) return undefined;
  const text = instant.toISOString();
  // An offset may lead beyond the years that PostgreSQL and RFC 3339 both know.
  return isDate(text.slice(0, 10)) ? text : undefined;
}

/** Whether a text is a date of the calendar from the year 1 to 9999. */
export function isDate(text: string): boolean {
  if (!/^(?!0000)\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const instant = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(text);
}
