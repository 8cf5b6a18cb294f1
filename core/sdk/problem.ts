import Type from 'typebox';

/**
 * The body of every error answer, `application/problem+json`
 * (https://www.rfc-editor.org/rfc/rfc9457), with the error table's code and remedy.
 */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'Where this kind of error is documented.' }),
    title: Type.String({ description: 'What kind of error it is.' }),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.Optional(Type.String({ description: 'What went wrong this time.' })),
    code: Type.String({ description: 'Stable name of the error, as in the error table.' }),
    remedy: Type.Optional(Type.String({ description: 'What the reader can do about it.' })),
    request_id: Type.Optional(Type.String({ description: 'Under which the request is logged.' })),
    faults: Type.Optional(
      Type.Array(
        Type.Object({
          path: Type.String({ description: 'JSON pointer of the faulty value.' }),
          message: Type.String(),
        }),
      ),
    ),
    details: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'What else the caller needs to go on.' }),
    ),
  },
  { title: 'Problem', additionalProperties: true },
);

const meanings: Readonly<Record<number, string>> = {
  400: 'The request has faults; each is named.',
  401: 'No valid token.',
  403: 'The caller lacks the role.',
  404: 'There is no such record, or the capability is off.',
  409: 'It conflicts with what is stored.',
  410: 'It has become part of another record, which `details.merged_into` names.',
  412: 'The record has changed since it was read.',
  413: 'The body is too large.',
  415: 'The content type is not accepted.',
  422: 'It is understood, and cannot be done as it stands.',
  428: 'The request must name the version that it changes: If-Match.',
  429: 'Too many requests.',
  503: 'It cannot be answered now; try again.',
  507: 'The disk is full; reading goes on.',
};

/**
 * The `response` entries of a route for these error statuses, for OpenAPI: `...problems(400, 404)`.
 * Typed as a bare object so that a handler's own answers stay typed by its success schemas alone.
 */
export function problems(...statuses: readonly number[]): object {
  return Object.fromEntries(statuses.map((status) => [status, answer(status)]));
}

function answer(status: number): object {
  return {
    description: meanings[status] ?? 'An error.',
    content: { 'application/problem+json': { schema: Problem } },
  };
}
