import fc from 'fast-check';
import { test } from 'vitest';
import { neutraliseFormula, restoreFormula } from './formulas.ts';

const text = fc.string({
  unit: fc.constantFrom("'", '=', '+', '-', '@', '\t', '\r', 'a', '1'),
  maxLength: 6,
});

test('no neutralised text begins like a formula', () => {
  fc.assert(fc.property(text, (given) => !/^[=+\-@\t\r]/.test(neutraliseFormula(given))));
});

test('a neutralised text is restored, whatever it was', () => {
  fc.assert(fc.property(text, (given) => restoreFormula(neutraliseFormula(given)) === given));
});
