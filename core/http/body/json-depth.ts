const quote = 34;
const backslash = 92;
/** `[` and `]`; with this bit set, `{` and `}`. */
const openBracket = 91;
const closeBracket = 93;
const brace = 32;

/**
 * Whether lists and objects of a JSON text are nested deeper than `levels`. Looks at brackets outside of texts only, so
 * that it needs no stack and ends at the first one too deep, whatever else is wrong with the text.
 */
export function isNestedDeeper(text: string, levels: number): boolean {
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === quote) {
      index = endOfText(text, index + 1);
    } else if ((code & ~brace) === openBracket) {
      depth += 1;
      if (depth > levels) return true;
    } else if ((code & ~brace) === closeBracket) {
      depth -= 1;
    }
  }
  return false;
}

/** Where a text that begins at `start` ends: the place of the first quote that no backslash stands before. */
function endOfText(text: string, start: number): number {
  for (let index = start; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === quote) return index;
    if (code === backslash) index += 1;
  }
  return text.length;
}
