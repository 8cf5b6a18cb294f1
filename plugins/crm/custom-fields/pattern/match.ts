import { PatternFault, parsePattern } from './syntax.ts';
import type { CharacterTest, Pattern } from './syntax.ts';

/** Most states that a pattern may need; the price of a match is at most this times the length of the text. */
const maxStates = 1_000;

/** One state of the machine: it consumes a character, goes on in several places at once, or is the end. */
type State =
  | { readonly kind: 'character'; readonly test: CharacterTest; readonly next: number }
  | { readonly kind: 'split'; readonly next: readonly number[] }
  | { readonly kind: 'end' };

/**
 * Makes the test of a pattern, which the whole text must match. It walks all ways through the pattern at once (K. Thompson,
 * Regular Expression Search Algorithm, CACM 11/6, 1968), so that its time is linear in the text whatever the pattern.
 * Throws `PatternFault`.
 */
export function compilePattern(text: string): (value: string) => boolean {
  const states: State[] = [{ kind: 'end' }];
  const start = build(parsePattern(text), 0, states);
  return (value) => matches(states, start, value);
}

/** Adds the states of a pattern that is followed by the state `next`; gives where it begins. */
function build(pattern: Pattern, next: number, states: State[]): number {
  switch (pattern.kind) {
    case 'character':
      return add(states, { kind: 'character', test: pattern.test, next });
    case 'sequence':
      return pattern.of.reduceRight((behind, part) => build(part, behind, states), next);
    case 'choice':
      return add(states, { kind: 'split', next: pattern.of.map((part) => build(part, next, states)) });
    default:
      return buildRepeat(pattern, next, states);
  }
}

function buildRepeat(
  { of, least, most }: Extract<Pattern, { kind: 'repeat' }>,
  next: number,
  states: State[],
): number {
  let start = next;
  if (most === Infinity) {
    const loop = add(states, { kind: 'split', next: [] });
    states[loop] = { kind: 'split', next: [build(of, loop, states), next] };
    start = loop;
  } else {
    for (let time = least; time < most; time += 1)
      start = add(states, { kind: 'split', next: [build(of, start, states), next] });
  }
  for (let time = 0; time < least; time += 1) start = build(of, start, states);
  return start;
}

function add(states: State[], state: State): number {
  if (states.length >= maxStates)
    throw new PatternFault('is too large: numbers of repetitions within others multiply; make them smaller');
  return states.push(state) - 1;
}

function matches(states: readonly State[], start: number, text: string): boolean {
  let current = reach(states, [start]);
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const next: number[] = [];
    for (const place of current) {
      const state = states[place];
      if (state?.kind === 'character' && state.test(code)) next.push(state.next);
    }
    if (next.length === 0) return false;
    current = reach(states, next);
  }
  return current.has(0);
}

/** The states that are reached without a character. */
function reach(states: readonly State[], from: readonly number[]): Set<number> {
  const reached = new Set<number>();
  const open = [...from];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    if (reached.has(place)) continue;
    reached.add(place);
    const state = states[place];
    if (state?.kind === 'split') open.push(...state.next);
  }
  return reached;
}
