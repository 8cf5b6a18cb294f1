/** Whether a character is one of a set; characters are code points. */
export type CharacterTest = (character: number) => boolean;

/** A pattern taken apart. */
export type Pattern =
  | { readonly kind: 'character'; readonly test: CharacterTest }
  | { readonly kind: 'sequence' | 'choice'; readonly of: readonly Pattern[] }
  | { readonly kind: 'repeat'; readonly of: Pattern; readonly least: number; readonly most: number };

/** Longest pattern, characters. */
export const maxPatternLength = 200;

/** Most times that a number in braces may repeat something. */
export const maxRepeats = 200;

const maxDepth = 10;

/** What is wrong with a pattern, in words that follow its name. */
export class PatternFault extends Error {}

/**
 * Takes a pattern apart: characters, `.`, `\d \w \s` and their opposites, sets in brackets, groups, `|`, and `* + ?
 * {2} {2,} {2,4}` after them. These mean what they mean in ECMAScript with the flag `u`. References back and looking
 * around are left out, since no time linear in the text is known for them; anchors, since a pattern is held to the whole
 * value. Throws `PatternFault`.
 */
export function parsePattern(text: string): Pattern {
  if (text === '') throw new PatternFault('must not be empty');
  if (text.length > maxPatternLength)
    throw new PatternFault(`must be at most ${maxPatternLength} characters, has ${text.length}`);
  const reader = new Reader(Array.from(text));
  const pattern = reader.choice(0);
  if (!reader.atEnd) throw new PatternFault('has a ) without its (');
  return pattern;
}

const digit: CharacterTest = (character) => character >= 48 && character <= 57;
const word: CharacterTest = (character) => /\w/.test(String.fromCodePoint(character));
const space: CharacterTest = (character) => /\s/.test(String.fromCodePoint(character));
const lineEnd: CharacterTest = (character) => /[\n\r\u2028\u2029]/.test(String.fromCodePoint(character));
const not =
  (test: CharacterTest): CharacterTest =>
  (character) =>
    !test(character);

const classes: ReadonlyMap<string, CharacterTest> = new Map([
  ['d', digit],
  ['D', not(digit)],
  ['w', word],
  ['W', not(word)],
  ['s', space],
  ['S', not(space)],
]);
const controls: ReadonlyMap<string, string> = new Map([
  ['t', '\t'],
  ['n', '\n'],
  ['r', '\r'],
]);

class Reader {
  readonly #text: readonly string[];
  #at = 0;

  constructor(text: readonly string[]) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  choice(depth: number): Pattern {
    if (depth > maxDepth) throw new PatternFault(`must not have groups nested deeper than ${maxDepth}`);
    const of = [this.#sequence(depth)];
    while (this.#take('|')) of.push(this.#sequence(depth));
    return of.length === 1 && of[0] !== undefined ? of[0] : { kind: 'choice', of };
  }

  #sequence(depth: number): Pattern {
    const of: Pattern[] = [];
    while (!this.atEnd && !this.#sees('|') && !this.#sees(')')) of.push(this.#repeated(depth));
    return { kind: 'sequence', of };
  }

  #repeated(depth: number): Pattern {
    const of = this.#one(depth);
    const counts = this.#counts();
    if (counts === undefined) return of;
    if (this.#take('?')) throw new PatternFault('must not have a ? after a repetition: it changes no match');
    if (this.#counts() !== undefined) throw new PatternFault('repeats a repetition; put it in a group');
    return { kind: 'repeat', of, ...counts };
  }

  #one(depth: number): Pattern {
    const character = this.#next();
    switch (character) {
      case '(':
        return this.#group(depth);
      case '[':
        return { kind: 'character', test: this.#set() };
      case '.':
        return { kind: 'character', test: not(lineEnd) };
      case '\\':
        return { kind: 'character', test: this.#escaped() };
      case '^':
      case '$':
        throw new PatternFault(`must not hold ${character}: it is held to the whole value already`);
      case '*':
      case '+':
      case '?':
      case '{':
        throw new PatternFault(`has a ${character} with nothing before it to repeat; write \\${character}`);
      case '}':
      case ']':
        throw new PatternFault(`has a ${character} that closes nothing; write \\${character}`);
      default:
        return { kind: 'character', test: only(character) };
    }
  }

  #group(depth: number): Pattern {
    if (this.#take('?') && !this.#take(':'))
      throw new PatternFault('must not look around or name groups: (?: is the only group with a ?');
    const of = this.choice(depth + 1);
    if (!this.#take(')')) throw new PatternFault('has a ( without its )');
    return of;
  }

  #escaped(): CharacterTest {
    const character = this.#next();
    const known = classes.get(character);
    if (known !== undefined) return known;
    const control = controls.get(character);
    if (control !== undefined) return only(control);
    if (/[1-9]/.test(character)) throw new PatternFault('must not refer back to a group');
    if (/[A-Za-z0-9]/.test(character)) throw new PatternFault(`must not hold \\${character}`);
    return only(character);
  }

  #set(): CharacterTest {
    const negated = this.#take('^');
    const tests: CharacterTest[] = [];
    while (!this.#take(']')) {
      if (this.atEnd) throw new PatternFault('has a [ without its ]');
      const first = this.#member();
      if (!this.#sees('-') || this.#text[this.#at + 1] === ']') tests.push(first.test);
      else {
        this.#next();
        const last = this.#member();
        tests.push(range(first.character, last.character));
      }
    }
    const any: CharacterTest = (character) => tests.some((test) => test(character));
    return negated ? not(any) : any;
  }

  #member(): { readonly test: CharacterTest; readonly character: string | undefined } {
    const character = this.#next();
    if (character !== '\\') return { test: only(character), character };
    const escaped = this.#text[this.#at] ?? '';
    const test = this.#escaped();
    return { test, character: classes.has(escaped) ? undefined : (controls.get(escaped) ?? escaped) };
  }

  #counts(): { readonly least: number; readonly most: number } | undefined {
    if (this.#take('*')) return { least: 0, most: Infinity };
    if (this.#take('+')) return { least: 1, most: Infinity };
    if (this.#take('?')) return { least: 0, most: 1 };
    if (!this.#sees('{')) return undefined;
    const rest = this.#text.slice(this.#at).join('');
    const [whole = '', from, comma, to] = /^\{(\d{1,4})(,(\d{0,4}))?\}/.exec(rest) ?? [];
    if (from === undefined) throw new PatternFault('has a { that is no number of repetitions; write \\{');
    this.#at += whole.length;
    const least = Number(from);
    const most = comma === undefined ? least : to === '' ? Infinity : Number(to);
    if (most < least) throw new PatternFault(`has ${whole}, whose numbers are the wrong way round`);
    if (Math.max(least, most === Infinity ? 0 : most) > maxRepeats)
      throw new PatternFault(`must not repeat more than ${maxRepeats} times, has ${whole}`);
    return { least, most };
  }

  #sees(character: string): boolean {
    return this.#text[this.#at] === character;
  }

  #take(character: string): boolean {
    if (!this.#sees(character)) return false;
    this.#at += 1;
    return true;
  }

  #next(): string {
    const character = this.#text[this.#at];
    if (character === undefined) throw new PatternFault('ends after a \\ or within a set');
    this.#at += 1;
    return character;
  }
}

function only(character: string): CharacterTest {
  const wanted = character.codePointAt(0);
  return (given) => given === wanted;
}

function range(first: string | undefined, last: string | undefined): CharacterTest {
  const from = first?.codePointAt(0);
  const to = last?.codePointAt(0);
  if (from === undefined || to === undefined || from > to)
    throw new PatternFault('has a set whose range does not go from one character to a later one');
  return (character) => character >= from && character <= to;
}
