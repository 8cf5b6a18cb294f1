import { foldAccents } from '@orchestrall/sdk/resources';

/** Texts by which a person is known wherever they stand. */
export interface PersonTexts {
  readonly emails: readonly string[];
  readonly phones: readonly string[];
  /** Given and family name together; one of them alone is many people's. */
  readonly names: readonly string[];
}

/** What stands where a person was named. */
export const erasedMark = '[erased]';

/** Digits below which a phone number is no one's in particular. */
const minPhoneDigits = 6;

/**
 * Regular expressions that find a person's texts, without regard to case, in text and in JSON text. Each begins with a
 * group that holds what stands before, to be put back. `postgresql` are those of its advanced form
 * (https://www.postgresql.org/docs/current/functions-matching.html#POSIX-SYNTAX-DETAILS), `javascript` take `giu`.
 */
export function patternsOf(texts: PersonTexts, dialect: 'postgresql' | 'javascript'): string[] {
  const letters = dialect === 'postgresql' ? '[:alnum:]' : String.raw`\p{L}\p{N}`;
  const before = (others: string) => String.raw`(^|[^${letters}${others}]|\\[nrtbf])`;
  const patterns: string[] = [];
  const add = (start: string, alternatives: readonly string[], end: string): void => {
    if (alternatives.length > 0) patterns.push(`${start}(?:${[...new Set(alternatives)].join('|')})${end}`);
  };
  // Dots and the like join what is before and after to another address.
  add(before('._%+-'), texts.emails.flatMap(spelled), `(?![${letters}]|[.-][${letters}])`);
  add(
    before('+'),
    texts.phones.flatMap((phone) => dialled(phone, letters)),
    `(?![${letters}])`,
  );
  add(before(''), texts.names.flatMap(named), `(?![${letters}])`);
  return patterns;
}

/** A replacer of a person's texts. */
export function eraserOf(texts: PersonTexts): (text: string) => string {
  const patterns = patternsOf(texts, 'javascript').map((pattern) => new RegExp(pattern, 'giu'));
  return (text) => {
    let erased = text;
    for (const pattern of patterns) erased = erased.replaceAll(pattern, `$1${erasedMark}`);
    return erased;
  };
}

/** A text as it is, and as JSON writes it. */
function spelled(text: string): string[] {
  return [escaped(text), escaped(JSON.stringify(text).slice(1, -1))];
}

function named(name: string): string[] {
  return [name, foldAccents(name)].flatMap((form) =>
    spelled(form.trim()).map((text) => text.replaceAll(/\s+/gu, String.raw`\s+`)),
  );
}

/** A number however its digits are set apart, with `+` or `00` or nothing before it. */
function dialled(phone: string, letters: string): string[] {
  const digits = phone.replaceAll(/\D/gu, '').replace(/^00/, '');
  if (digits.length < minPhoneDigits) return [];
  return [String.raw`(?:\+|00)?${digits.split('').join(`[^${letters}]{0,3}`)}`];
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
}
