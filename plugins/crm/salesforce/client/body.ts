import { salesforceError } from '../errors.ts';

/** Largest answer that is held in memory, bytes: 2,000 records of 16 KB. */
export const maxAnswerBytes = 33_554_432;

/**
 * The text of a body, bounded; `SALESFORCE_ANSWER_TOO_LARGE` beyond. What the connection throws while it is read, such
 * as for a body that is cut off, is thrown on.
 */
export async function readText(
  response: Response,
  request: string,
  maxBytes = maxAnswerBytes,
): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of readPieces(response, request, maxBytes)) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

/** The body piece by piece, bounded as `readText` is. */
export async function* readPieces(
  response: Response,
  request: string,
  maxBytes: number,
): AsyncGenerator<Buffer> {
  if (response.body === null) return;
  let bytes = 0;
  for await (const piece of response.body) {
    bytes += piece.length;
    if (bytes > maxBytes)
      throw salesforceError('SALESFORCE_ANSWER_TOO_LARGE', { request, max_bytes: maxBytes });
    yield Buffer.from(piece);
  }
}

/**
 * The value of a JSON text, with numbers as they are written: an amount of eighteen digits is none as a double
 * (https://github.com/tc39/proposal-json-parse-with-source). Undefined when the text is not JSON.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, exact);
  } catch {
    return undefined;
  }
}

function exact(_: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' ? (context?.source ?? String(value)) : value;
}

/** What an answer seems to be, for a message: never its content, which may be anyone's. */
export function describeAnswer(status: number, contentType: string | null, text: string): string {
  const type = contentType?.split(';')[0]?.trim() ?? '';
  if (text === '') return `status ${status} and an empty body`;
  if (/^\s*<(!doctype html|html)/i.test(text) || type === 'text/html')
    return `status ${status} and an HTML page`;
  if (type.endsWith('json')) return `status ${status} and JSON that is broken or of another form`;
  return `status ${status} and a body of type ${type === '' ? 'unknown' : type}`;
}
