import type { Likeness } from './person-name.ts';
import { soundOf, wordsOf } from './transliterate.ts';

const trailing = new Set(
  (
    'gmbh mbh ag kg kgaa ohg gbr ug ev eg ek haftungsbeschrankt se ltd limited llc llp lp inc ' +
    'incorporated corp corporation co company plc sa sas sasu sarl srl spa sl slu sca ltda eirl cv ' +
    'sab lda bv nv vof ab as asa oy oyj aps kft zrt nyrt sro doo dd ad ooo oao zao pao ao too pty ' +
    'pte pvt private sdn bhd kk tbk and und et y i holding group'
  ).split(' '),
);
const leading = new Set('the ooo oao zao pao ao too pt sarl sas'.split(' '));

/** Legal forms that are written without a space. */
const unspaced = /株式会社|有限会社|合同会社|股份有限公司|有限责任公司|有限公司|주식회사|\(주\)|㈱/gu;

/** The words of a company's name in Latin letters, in their order, without its legal form. */
export function companyWords(name: string): readonly string[] {
  const spoken = name.replaceAll(unspaced, ' ');
  const words = wordsOf(spoken.trim() === '' ? name : spoken);
  let from = 0;
  let to = words.length;
  while (to - from > 1 && trailing.has(words[to - 1] ?? '')) to -= 1;
  while (to - from > 1 && leading.has(words[from] ?? '')) from += 1;
  return words.slice(from, to);
}

/**
 * Compares the words of two names of companies. They are similar where they sound the same, with or without spaces, or
 * all words of one, two at least, begin the other.
 */
export function compareCompanies(left: readonly string[], right: readonly string[]): Likeness {
  if (left.length === 0 || right.length === 0) return undefined;
  if (left.join(' ') === right.join(' ')) return 'same';
  if (soundOf(left.join('')) === soundOf(right.join(''))) return 'similar';
  const [short, long] = left.length < right.length ? [left, right] : [right, left];
  return short.length > 1 && short.every((word, index) => word === long[index]) ? 'similar' : 'different';
}
