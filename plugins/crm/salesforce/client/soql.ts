const names = /^[A-Za-z][A-Za-z0-9_]*$/;

/** A name of an object or field, checked: it stands in a query unquoted. Throws `TypeError`. */
export function soqlName(name: string): string {
  if (!names.test(name)) throw new TypeError(`${JSON.stringify(name)} is no name of an object or field`);
  return name;
}

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
};

/**
 * A text as a literal of SOQL
 * (https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_quotedstringescapes.htm).
 */
export function soqlText(text: string): string {
  return `'${text.replaceAll(/[\\'\n\r\t\b\f]/g, (character) => escapes[character] ?? character)}'`;
}

/** An instant as a literal of SOQL, which is not quoted. Throws `RangeError` for what is none. */
export function soqlInstant(instant: string): string {
  return new Date(instant).toISOString();
}

/** `SELECT fields FROM object`, names checked. */
export function selectFrom(object: string, fields: readonly string[]): string {
  return `SELECT ${fields.map(soqlName).join(', ')} FROM ${soqlName(object)}`;
}
