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

test('two schemas of one title are refused', () => {
  const responses = { 200: json(thing), 201: json({ ...thing, description: 'Another.' }) };
  expect(() => prepareDocument({ paths: { '/a': { get: { responses } } } })).toThrow('have the title Thing');
});

test('the operations that take an Idempotency-Key are known by their parameter', () => {
  const keyed = { parameters: [{ in: 'header', name: 'idempotency-key' }] };
  const document = {
    paths: { '/a': { post: keyed, get: { parameters: [{ in: 'query', name: 'q' }] }, put: {} } },
  };
  expect(keyedOperations(document)).toEqual(['POST /a']);
});
