import { foldAccents } from '@orchestrall/sdk/resources';
import { isAskedPhone } from '../words/phone-digits.ts';
import type { Term } from '../words/question.ts';
import type { NearWords } from '../words/tsquery.ts';
import { tokensOf } from '../words/words.ts';

/** A part of a text, UTF-16 units. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** How well a text has what was asked, 0 to 1, and where. */
export interface TextMatch {
  readonly quality: number;
  readonly ranges: readonly Range[];
}

const nothing: TextMatch = { quality: 0, ranges: [] };

/** What a whole word counts; one that is only begun counts less, and one that is near less again. */
const quality = { whole: 1, begun: 0.7, near: 0.4 } as const;

/** A text in words, folded once for all terms. */
export interface ReadText {
  readonly text: string;
  readonly folded: string;
  readonly tokens: readonly (Range & { readonly text: string; readonly folded: string })[];
}

/** Reads a text to be matched. */
export function readText(text: string): ReadText {
  const tokens = [...tokensOf(text)].map((token) => ({ ...token, folded: foldAccents(token.text) }));
  return { text, folded: foldAccents(text), tokens };
}

/** Where a text has each word of a term, or begins with the whole of it. */
export function matchWords(
  text: ReadText,
  { words, wholeFirst = false, whole }: Term,
  near?: NearWords,
): TextMatch {
  if (whole !== undefined && text.folded.startsWith(whole)) {
    const end = whole === text.folded ? text.text.length : unfolded(text.text, whole.length);
    return { quality: end === text.text.length ? quality.whole : quality.begun, ranges: [{ start: 0, end }] };
  }
  if (words.length === 0 || (wholeFirst && near === undefined)) return nothing;
  const matches = words.map((word) => matchWord(text, word, near?.get(word) ?? []));
  return {
    quality: matches.reduce((sum, match) => sum + match.quality, 0) / words.length,
    ranges: matches.flatMap(({ ranges }) => ranges),
  };
}

/** The whole of a phone that these digits ask for. */
export function matchPhone(text: string, digits: string): TextMatch {
  if (!isAskedPhone(text, digits)) return nothing;
  return { quality: quality.whole, ranges: [{ start: 0, end: text.length }] };
}

/** Ranges in order, those that overlap as one. */
export function mergedRanges(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const range of ranges.toSorted((left, right) => left.start - right.start)) {
    const last = merged.at(-1);
    if (last === undefined || range.start > last.end) merged.push(range);
    else merged.splice(-1, 1, { start: last.start, end: Math.max(last.end, range.end) });
  }
  return merged;
}

function matchWord({ tokens }: ReadText, word: string, near: readonly string[]): TextMatch {
  let best = nothing;
  for (const { text, folded, start, end } of tokens) {
    const found = wordQuality(folded, word, near);
    if (found === 0 || found < best.quality) continue;
    const marked = found === quality.begun ? start + unfolded(text, word.length) : end;
    const earlier = found === best.quality ? best.ranges : [];
    best = { quality: found, ranges: [...earlier, { start, end: marked }] };
  }
  return best;
}

function wordQuality(folded: string, word: string, near: readonly string[]): number {
  if (folded === word) return quality.whole;
  if (folded.startsWith(word)) return quality.begun;
  return near.some((other) => folded.startsWith(other)) ? quality.near : 0;
}

/** How much of a text its first `length` folded units are. */
function unfolded(text: string, length: number): number {
  let units = 0;
  let folded = 0;
  for (const character of text) {
    const { length: added } = foldAccents(character);
    // A mark that folds to nothing belongs to the letter before.
    if (folded >= length && added > 0) break;
    folded += added;
    units += character.length;
  }
  return units;
}
