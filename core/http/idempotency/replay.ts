import type { AppError } from '@orchestrall/sdk';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problemHeaders, problemOf, problemType } from '../errors/problem.ts';
import type { NewAnswer } from './new-answer.ts';

/** Gives a reply the status and headers of a kept answer, and returns its body. */
export function replay(
  reply: FastifyReply,
  { status, headers, body, shortened }: NewAnswer,
): string | undefined {
  reply.code(status).headers({
    ...(body === null ? {} : { 'content-type': 'application/json; charset=utf-8' }),
    ...headers,
    'idempotency-replayed': 'true',
  });
  if (body === null) reply.removeHeader('content-type');
  // https://www.rfc-editor.org/rfc/rfc7240#section-4.2: there was a body, and it is not sent again.
  if (shortened) reply.header('preference-applied', 'return=minimal');
  return body ?? undefined;
}

/** Gives a reply the status and headers of an error, and returns its body. */
export function problem(request: FastifyRequest, reply: FastifyReply, error: AppError): string {
  reply.code(error.status).headers({ ...problemHeaders(error), 'content-type': problemType });
  return JSON.stringify(problemOf(error, request));
}

/** Takes back the headers that came after these, but for what concerns the connection. */
export function resetHeaders(reply: FastifyReply, before: ReadonlySet<string>): void {
  for (const name of Object.keys(reply.getHeaders())) {
    if (!before.has(name) && name !== 'connection') reply.removeHeader(name);
  }
}
