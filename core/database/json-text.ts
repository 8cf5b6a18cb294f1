/** An escape that `jsonb` refuses: NUL, or half of a surrogate pair (`JSON.stringify` writes whole ones unescaped). */
const refused = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/;

/** JSON text of a value for a `jsonb` parameter, or why it cannot be stored. */
export type JsonText = { readonly text: string } | { readonly problem: string };

/** Writes a value as JSON of at most `maxBytes` that PostgreSQL can store. */
export function jsonText(value: unknown, maxBytes: number): JsonText {
  let text: unknown;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    return {
      problem: `it is not JSON: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`,
    };
  }
  if (typeof text !== 'string') return { problem: 'it is not JSON' };
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes) return { problem: `it has ${bytes} bytes of JSON, at most ${maxBytes} are accepted` };
  if (refused.test(text)) return { problem: 'it contains NUL or half of a surrogate pair' };
  return { text };
}
