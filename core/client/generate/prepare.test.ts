import { expect, test } from 'vitest';
import { keyedOperations, prepareDocument } from './prepare.ts';

const json = (schema: object) => ({ content: { 'application/json': { schema } } });
const thing = { type: 'object', title: 'Thing', properties: { title: { type: 'string' } } };

test('success is kept, schemas with a title stand once, and paths are in order', () => {
  const list = { type: 'object', properties: { items: { type: 'array', items: thing } } };
  const document = {
    paths: {
      '/b': { get: { responses: { 200: json(thing), 304: {}, 404: json({}) } } },
      '/a': { post: { requestBody: json(thing), responses: { 201: json(list) } } },
    },
    components: { schemas: { Problem: { type: 'object' } }, responses: { Problem: {} } },
  };
  const reference = { $ref: '#/components/schemas/Thing' };
  const prepared = prepareDocument(document);
  expect(prepared).toEqual({
    paths: {
      '/a': {
        post: {
          requestBody: json(reference),
          responses: {
            201: json({ type: 'object', properties: { items: { type: 'array', items: reference } } }),
          },
        },
      },
      '/b': { get: { responses: { 200: json(reference) } } },
    },
    components: { schemas: { Problem: { type: 'object' }, Thing: thing } },
  });
  expect(Object.keys(Object(prepared['paths']))).toEqual(['/a', '/b']);
});

test('a file is one whatever its route says of it, and a filter may be an object', () => {
  const filter = { in: 'query', name: 'filter', schema: { type: 'string' } };
  const document = {
    paths: {
      '/a': { post: { parameters: [filter], requestBody: { content: { 'text/csv': {} } }, responses: {} } },
    },
  };
  const object = { type: 'object', additionalProperties: true };
  expect(prepareDocument(document)['paths']).toEqual({
    '/a': {
      post: {
        parameters: [{ ...filter, schema: { anyOf: [{ type: 'string' }, object] } }],
        requestBody: { content: { 'text/csv': { schema: { type: 'string', format: 'binary' } } } },
        responses: {},
      },
    },
  });
});

test('of schemas with one title the one that stands most has the name, and the others are written out', () => {
  const other = { ...thing, description: 'In parts.' };
  const both = { 200: json(thing), 201: json({ type: 'array', items: other }) };
  const reference = { $ref: '#/components/schemas/Thing' };
  const prepared = prepareDocument({
    paths: { '/a': { get: { responses: both } }, '/b': { get: { responses: { 200: json(thing) } } } },
  });
  expect(prepared).toMatchObject({
    paths: {
      '/a': { get: { responses: { 200: json(reference), 201: json({ type: 'array', items: other }) } } },
    },
    components: { schemas: { Thing: thing } },
  });
});

/** The statuses that are kept of an operation. */
function statusesOf(operation: object): unknown {
  const { paths } = prepareDocument({ paths: { '/a': { patch: operation } } });
  return JSON.stringify(paths).match(/"20\d"/g);
}

test('an answer without the record, which only who prefers it gets, is left out', () => {
  const parameters = [{ in: 'header', name: 'prefer', schema: { type: 'string' } }];
  const responses = { 200: json(thing), 204: {} };
  expect(statusesOf({ parameters, responses })).toEqual(['"200"']);
  expect(statusesOf({ responses })).toEqual(['"200"', '"204"']);
  expect(statusesOf({ parameters, responses: { 204: {} } })).toEqual(['"204"']);
});

test('the operations that take an Idempotency-Key are known by their parameter', () => {
  const keyed = { parameters: [{ in: 'header', name: 'idempotency-key' }] };
  const document = {
    paths: { '/a': { post: keyed, get: { parameters: [{ in: 'query', name: 'q' }] }, put: {} } },
  };
  expect(keyedOperations(document)).toEqual(['POST /a']);
});
