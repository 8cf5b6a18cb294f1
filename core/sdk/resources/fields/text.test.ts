import { expect, test } from 'vitest';
import { foldAccents, foldCase } from './text.ts';

test('foldAccents of ASCII, which takes a shorter way, is what the normal forms of Unicode make of it', () => {
  for (let code = 0; code < 0x80; code += 1) {
    const text = `a${String.fromCodePoint(code)}Z`;
    expect(foldAccents(text), JSON.stringify(text)).toBe(
      foldCase(text.normalize('NFKD').replaceAll(/\p{Diacritic}/gu, '')),
    );
  }
});

test('foldAccents leaves neither case nor accents, in whatever form they come', () => {
  for (const spelled of ['GÖDEL', 'go\u0308del', 'Gödel']) expect(foldAccents(spelled)).toBe('godel');
});
