import type { HttpReply } from './http.ts';

/** What a request is answered with; kept by `tx.answer`. */
export interface Answer {
  /** 200 to 599; from 400 on it is not kept. */
  readonly status: number;
  /** Beside those of every answer, such as `location` and `etag`; names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent as JSON; absent for an answer without a body, such as 204. */
  readonly body?: object | undefined;
}

/** Sends an answer: `return sendAnswer(reply, await contacts.create(input))`. */
export function sendAnswer<Reply extends Pick<HttpReply, 'code' | 'headers' | 'send'>>(
  reply: Reply,
  { status, headers, body }: Answer,
): Reply {
  reply.code(status);
  if (headers !== undefined) reply.headers(headers);
  reply.send(body);
  return reply;
}
