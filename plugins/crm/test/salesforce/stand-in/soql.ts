import { OrgFault } from './org.ts';
import type { Cell } from './org.ts';

/** A query of the understood part: SELECT, FROM, WHERE, ORDER BY, LIMIT. */
export interface Soql {
  readonly fields: readonly string[];
  readonly object: string;
  matches(row: Row): boolean;
  compare(a: Row, b: Row): number;
  readonly limit: number;
}

/** A record as a query sees it; instants are numbers. */
export type Row = Readonly<Record<string, Cell>>;

const token =
  /\s*(?:'((?:[^'\\]|\\.)*)'|([A-Za-z_][\w.]*)|(\d{4}-\d\d-\d\dT[\d:.]+Z)|(-?\d+(?:\.\d+)?)|(>=|<=|!=|[=<>(),]))/y;

type Token = { readonly kind: 'text' | 'word' | 'instant' | 'number' | 'sign'; readonly value: string };

function tokensOf(soql: string): Token[] {
  const tokens: Token[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < soql.trimEnd().length) {
    const at = token.lastIndex;
    const match = token.exec(soql);
    if (match === null) throw malformed(`unexpected token at ${at}`);
    const [, text, word, instant, number, sign] = match;
    if (text !== undefined) tokens.push({ kind: 'text', value: unescape(text) });
    else if (word !== undefined) tokens.push({ kind: 'word', value: word });
    else if (instant !== undefined) tokens.push({ kind: 'instant', value: instant });
    else if (number !== undefined) tokens.push({ kind: 'number', value: number });
    else tokens.push({ kind: 'sign', value: sign ?? '' });
  }
  return tokens;
}

const meanings: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };

function unescape(text: string): string {
  return text.replaceAll(/\\(.)/g, (whole, character: string) => {
    if (!/[nrtbf"'\\]/i.test(character)) throw malformed(`Illegal escape ${whole}`);
    return meanings[character.toLowerCase()] ?? character;
  });
}

/** Reads a query. Throws `MALFORMED_QUERY` and `INVALID_FIELD` as Salesforce does. */
export function parseSoql(soql: string, fieldsOf: (object: string) => readonly string[]): Soql {
  const tokens = tokensOf(soql);
  let at = 0;
  const peek = (): Token | undefined => tokens[at];
  const isWord = (word: string): boolean => peek()?.kind === 'word' && peek()?.value.toUpperCase() === word;
  const next = (): Token => {
    const found = tokens[at];
    if (found === undefined) throw malformed('unexpected end of query');
    at += 1;
    return found;
  };
  const expect = (value: string): void => {
    const found = next();
    if (found.value.toUpperCase() !== value) throw malformed(`expecting ${value}, found '${found.value}'`);
  };
  const list = <Item>(item: () => Item): Item[] => {
    const items = [item()];
    while (peek()?.value === ',') {
      next();
      items.push(item());
    }
    return items;
  };
  const literal = (): Cell => {
    const { kind, value } = next();
    if (kind === 'text') return value;
    if (kind === 'number') return Number(value);
    if (kind === 'instant') return Date.parse(value);
    if (kind === 'word' && /^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
    if (kind === 'word' && /^null$/i.test(value)) return null;
    throw malformed(`unexpected '${value}'`);
  };
  type Test = (row: Row) => boolean;
  const either = (): Test => {
    const tests = [both()];
    while (isWord('OR')) {
      next();
      tests.push(both());
    }
    return (row) => tests.some((test) => test(row));
  };
  const both = (): Test => {
    const tests = [single()];
    while (isWord('AND')) {
      next();
      tests.push(single());
    }
    return (row) => tests.every((test) => test(row));
  };
  const single = (): Test => {
    if (peek()?.value === '(') {
      next();
      const inner = either();
      expect(')');
      return inner;
    }
    const field = next().value;
    used.push(field);
    if (isWord('IN')) {
      next();
      expect('(');
      const values = new Set(list(literal));
      expect(')');
      return (row) => values.has(row[field] ?? null);
    }
    const operator = next().value;
    const value = literal();
    return (row) => holds(operator, order(row[field] ?? null, value));
  };
  const used: string[] = [];
  expect('SELECT');
  const fields = list(() => next().value);
  expect('FROM');
  const object = next().value;
  let test: Test | undefined;
  if (isWord('WHERE')) {
    next();
    test = either();
  }
  let keys: { readonly field: string; readonly sign: number }[] = [];
  if (isWord('ORDER')) {
    next();
    expect('BY');
    keys = list(() => {
      const field = next().value;
      used.push(field);
      const isDescending = isWord('DESC');
      if (isDescending || isWord('ASC')) next();
      return { field, sign: isDescending ? -1 : 1 };
    });
  }
  let limit = Infinity;
  if (isWord('LIMIT')) {
    next();
    limit = Number(next().value);
  }
  if (at < tokens.length) throw malformed(`unexpected token: '${peek()?.value ?? ''}'`);
  const known = fieldsOf(object);
  for (const field of [...fields, ...used]) {
    if (!known.includes(field))
      throw new OrgFault('INVALID_FIELD', `No such column '${field}' on entity '${object}'.`);
  }
  const compare = (a: Row, b: Row): number => {
    for (const { field, sign } of keys) {
      const found = order(a[field] ?? null, b[field] ?? null) * sign;
      if (found !== 0) return found;
    }
    return 0;
  };
  return { fields, object, matches: (row) => test?.(row) ?? true, compare, limit };
}

function order(a: Cell, b: Cell): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? -1 : 1;
  return a < b ? -1 : 1;
}

function holds(operator: string, found: number): boolean {
  if (operator === '=') return found === 0;
  if (operator === '!=') return found !== 0;
  if (operator === '>=') return found >= 0;
  if (operator === '<=') return found <= 0;
  if (operator === '>') return found > 0;
  if (operator === '<') return found < 0;
  throw malformed(`unexpected operator ${operator}`);
}

function malformed(message: string): OrgFault {
  return new OrgFault('MALFORMED_QUERY', message);
}
