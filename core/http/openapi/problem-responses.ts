import Type from 'typebox';
import type { RouteRecord } from '../pipeline/route-record.ts';

/** RFC 9457 problem details as every error is answered. */
const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  instance: Type.String(),
  code: Type.String({ description: 'One of /docs/errors.' }),
  request_id: Type.String(),
  remedy: Type.String(),
  faults: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
  details: Type.Optional(Type.Object({}, { additionalProperties: true })),
});

/** Components of the document that `problemResponses` refers to. */
export const problemComponents = {
  schemas: { Problem },
  responses: {
    Problem: {
      description: 'Problem details',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    },
  },
};

/** A response as a reference; from OpenAPI 3.1 on it may have a description of its own. */
interface ResponseReference {
  readonly $ref: string;
  readonly description: string;
}

/** By status, the problems that a route's own rules answer with, and under `default` all others. */
export function problemResponses(route: RouteRecord): Readonly<Record<string, ResponseReference>> {
  const { access, schema = {}, unlimited, idempotent } = route;
  const reads = [schema.body, schema.querystring, schema.params, schema.headers];
  const statuses: readonly (readonly [status: string, description: string, when: boolean])[] = [
    [
      '400',
      'A part of the request is faulty; `faults` names each place',
      reads.some((part) => part !== undefined),
    ],
    ['401', 'The token is missing or not accepted', access !== 'public'],
    ['403', 'The caller lacks the role', access !== 'public'],
    ['409', 'The request with this Idempotency-Key is still being worked on', idempotent],
    ['413', 'The body is too large', schema.body !== undefined],
    ['415', 'The content type is not accepted', schema.body !== undefined],
    ['422', 'The Idempotency-Key belongs to an earlier request with another query or body', idempotent],
    ['429', 'Too many requests; Retry-After says when to try again', !unlimited],
    ['default', 'Any other problem', true],
  ];
  const $ref = '#/components/responses/Problem';
  return Object.fromEntries(
    statuses.filter(([, , when]) => when).map(([status, description]) => [status, { $ref, description }]),
  );
}
