import { Lexer } from 'yaml';
import type { FaultList } from '../faults.ts';
import type { Place } from './tree.ts';
import { maxDepth, reportDepth, reportMarks } from './yaml-faults.ts';

/** Most words, marks and line ends in one file; the parser's time grows with them. */
export const maxMarks = 65_000;

/** Deepest nesting that the parser is given; what is too deep by less is told with its path. */
const parsedDepth = 10 * maxDepth;

/** Marks that begin a level each where nothing but them stands in a line. */
const compact = new Set(['-', '?']);
const spacing = /^[ \t]+$/;

/**
 * Whether a text is small and flat enough to be parsed; reports why not. Ends at the first mark that is too many or too
 * deep, so that a long file costs no more than a short one.
 */
export function fitsParser(text: string, at: (offset: number) => Place, faults: FaultList): boolean {
  let marks = 0;
  let offset = 0;
  let flow = 0;
  let run = 0;
  for (const lexeme of new Lexer().lex(text)) {
    marks += 1;
    if (marks > maxMarks) {
      reportMarks(at(offset), maxMarks, faults);
      return false;
    }
    if (lexeme === '[' || lexeme === '{') flow += 1;
    else if (lexeme === ']' || lexeme === '}') flow = Math.max(0, flow - 1);
    if (compact.has(lexeme)) run += 1;
    else if (!spacing.test(lexeme)) run = 0;
    if (Math.max(flow, run) > parsedDepth) {
      reportDepth(at(offset), '', faults);
      return false;
    }
    if (!isControl(lexeme)) offset += lexeme.length;
  }
  return true;
}

/** The lexer's own marks, which stand for no text: document start, end of a flow, and a scalar that follows. */
function isControl(lexeme: string): boolean {
  return lexeme === '\u0002' || lexeme === '\u0018' || lexeme === '\u001f';
}
