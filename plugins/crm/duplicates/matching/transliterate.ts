import anyAscii from 'any-ascii';

/**
 * Text of any script in lower-case Latin letters and digits, parted into words. Han characters are words of their own:
 * they are written without spaces, and each is a syllable.
 */
export function wordsOf(text: string): string[] {
  const spaced = text
    .normalize('NFKC')
    .replaceAll(/\p{Script=Han}/gu, ' $& ')
    // One sound in Greek, of which each letter alone has another.
    .replaceAll(/[οό][υύ]/giu, 'ou');
  // Letters with a point or a stroke between them are one word: S.A., A/S.
  const joined = anyAscii(spaced)
    .toLowerCase()
    .replaceAll(/['`’]/g, '')
    .replaceAll(/\b([a-z])[./](?=[a-z]\b)/g, '$1');
  return joined.split(/[^a-z0-9]+/).filter((word) => word !== '');
}

const sounds: readonly (readonly [RegExp, string])[] = [
  [/ae/g, 'a'],
  [/oe/g, 'o'],
  [/ue/g, 'u'],
  [/ph/g, 'f'],
  [/[kc]h/g, 'h'],
  [/ck|q|c/g, 'k'],
  [/[yj]/g, 'i'],
  [/w/g, 'v'],
  [/z/g, 's'],
  [/(.)\1+/g, '$1'],
];

/**
 * A word in the form that its usual spellings in Latin letters share: `Müller` and `Mueller`, `Юрий`, `Yuri` and
 * `Iurii`. Two words of one form are like each other, and need not be the same.
 */
export function soundOf(word: string): string {
  return sounds.reduce((text, [pattern, form]) => text.replaceAll(pattern, form), word);
}
