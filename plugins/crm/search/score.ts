import { cut } from '@orchestrall/sdk/resources';
import { matchPhone, matchWords, mergedRanges, readText } from './match-text.ts';
import type { TextMatch } from './match-text.ts';
import type { Term } from '../words/question.ts';
import type { Hit } from './schemas.ts';
import type { FieldRank, SearchedField } from '../words/searched-fields.ts';
import type { NearWords } from '../words/tsquery.ts';

/** What a match in a field counts. */
const weights: Readonly<Record<FieldRank, number>> = { name: 8, address: 4, phone: 3, text: 1 };

/** Longest text of a highlight, UTF-16 units, and what of it stands before the first match. */
const excerptLength = 240;
const excerptLead = 60;

type Highlight = Hit['highlights'][number];

/** How well a record answers a question. */
export interface Scored {
  readonly score: number;
  readonly highlights: Highlight[];
}

/**
 * Weighs a record: each term by the best place that has it, names before e-mails and domains, phones and other texts,
 * whole words before beginnings and near words. Undefined when some term is in none of these fields.
 */
export function scoreRecord(
  record: object,
  fields: readonly SearchedField[],
  terms: readonly Term[],
  near?: NearWords,
): Scored | undefined {
  const values = new Map<string, unknown>(Object.entries(record));
  const best = terms.map(() => 0);
  const highlights: Highlight[] = [];
  for (const { name, rank, digits } of fields) {
    const value = values.get(name);
    if (typeof value !== 'string') continue;
    const read = readText(value);
    const matches = terms.map((term): TextMatch => {
      if (!digits) return matchWords(read, term, near);
      return term.digits === undefined ? { quality: 0, ranges: [] } : matchPhone(value, term.digits);
    });
    for (const [index, { quality }] of matches.entries()) {
      best[index] = Math.max(best[index] ?? 0, quality * weights[rank]);
    }
    const ranges = mergedRanges(matches.flatMap((match) => match.ranges));
    if (ranges.length > 0) highlights.push(excerpt(name, value, ranges));
  }
  if (best.includes(0)) return undefined;
  return { score: best.reduce((sum, one) => sum + one, 0) / Math.max(1, terms.length), highlights };
}

function excerpt(field: string, value: string, ranges: Highlight['ranges']): Highlight {
  if (value.length <= excerptLength) return { field, text: value, ranges };
  const start = Math.max(0, (ranges[0]?.start ?? 0) - excerptLead);
  const text = cut(value.slice(start), excerptLength);
  const within = ranges
    .map((range) => ({ start: range.start - start, end: Math.min(range.end - start, text.length) }))
    .filter((range) => range.start < range.end);
  return { field, text, ranges: within };
}
