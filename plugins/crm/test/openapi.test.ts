import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCrm } from './support.ts';
import type { CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm();
});
afterAll(() => crm[Symbol.asyncDispose]());

interface Operation {
  readonly operationId?: string;
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
  readonly parameters?: readonly { readonly name: string; readonly required?: boolean }[];
}

async function operations(): Promise<Map<string, Operation>> {
  const response = await fetch(`${crm.url}/openapi.json`);
  const { paths }: { paths: Record<string, Record<string, Operation>> } = JSON.parse(await response.text());
  return new Map(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => [`${method} ${path}`, operation] as const),
    ),
  );
}

const mediaTypes = (part: { readonly content?: object } | undefined): string[] =>
  Object.keys(part?.content ?? {});

const switched = (act: string) => crm.appliance.request('POST', `/api/v1/system/plugins/crm/${act}`);

test('the document of the running appliance describes what CRM takes and answers', async () => {
  const found = await operations();
  const of = (name: string): Operation | undefined => found.get(name);
  expect(mediaTypes(of('post /api/v1/crm/imports')?.requestBody)).toEqual(['text/csv']);
  for (const name of ['patch /api/v1/crm/contacts/{id}', 'patch /api/v1/crm/companies/{id}']) {
    expect(mediaTypes(of(name)?.requestBody)).toEqual(['application/merge-patch+json', 'application/json']);
  }
  expect(mediaTypes(of('get /api/v1/crm/contacts/export')?.responses['200'])).toEqual(['text/csv']);
  for (const [name, { responses }] of found) {
    if (name.includes('/crm/'))
      expect(mediaTypes(responses['403']), name).toEqual(['application/problem+json']);
  }
  const ids = [...found.values()].flatMap(({ operationId }) => operationId ?? []);
  expect(ids.length).toBeGreaterThan(20);
  expect(new Set(ids).size).toBe(ids.length);
});

test('the document loses the routes of CRM while it is switched off', async () => {
  await switched('disable');
  expect([...(await operations()).keys()].filter((name) => name.includes('/crm/'))).toEqual([]);
  await switched('enable');
  expect((await operations()).has('get /api/v1/crm/contacts')).toBe(true);
});
