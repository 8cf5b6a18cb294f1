import { readFile } from 'node:fs/promises';
import Type from 'typebox';
import Schema from 'typebox/schema';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { editorSchema } from './editor-schema.ts';
import { ConfigurationError } from '../faults.ts';
import { generatedFiles } from './generate.ts';
import { referencePage } from './reference.ts';
import { brokenVariants } from '../test/broken/variants.ts';
import { clientFolder } from '../test/client-folder.ts';
import { acmeClient } from '../test/founding-files.ts';

test.each(Object.keys(generatedFiles()))(
  '%s is what the schema says; npm run generate:configuration',
  async (path) => {
    const written = await readFile(new URL(`../../../${path}`, import.meta.url), 'utf8');
    expect(written).toBe(generatedFiles()[path]);
  },
);

test('the example of the reference loads, and its rendered fault is a real one', async () => {
  const page = referencePage();
  const example = /```yaml\n(.*?)```/s.exec(page)?.[1] ?? '';
  await using folder = await clientFolder(example);
  const environment = { WEBHOOK_SECRET: 'a-long-enough-secret' };
  expect((await folder.load({ environment })).value.security.rate_limit.requests_per_minute).toBe(300);
  await folder.write('client.yaml', 'client: {id: a}\nsecurity:\n  rate_limit:\n    burst: 1\n');
  const error: unknown = await folder.load().catch((reason: unknown) => reason);
  const fault = /```text\n[^\n]*\n(.*?)```/s.exec(page)?.[1] ?? 'no fault';
  expect(error instanceof ConfigurationError ? `${error.message}\n` : error).toContain(fault);
});

test('the editor schema takes what loads', () => {
  expect(Schema.Check(editorSchema(), parse(acmeClient))).toBe(true);
  const withVariables =
    'client: {id: "${ID}"}\nserver: {port: "${PORT}"}\nfeatures: {crm_integration: "${CRM}"}\n';
  expect(Schema.Check(editorSchema(), parse(withVariables))).toBe(true);
});

const judgedByShape = brokenVariants.filter(
  ({ yaml, code, environment = {} }) =>
    typeof yaml === 'string' &&
    ['unknown_key', 'refused_key', 'missing_key', 'wrong_type', 'out_of_bounds'].includes(code) &&
    !/notifications|crm:$|slow_start|^client: |<<|__proto__|0\.0\.0|10\.0|\$\{/m.test(yaml) &&
    Object.keys(environment).length === 0,
);

test.each(judgedByShape)('the editor schema refuses a file with $name', ({ yaml }) => {
  expect(Schema.Check(editorSchema(), parse(String(yaml)))).toBe(false);
});

test('the editor schema of an appliance holds its plugins', () => {
  const config = Type.Object({ retries: Type.Integer({ default: 1, 'x-unit': 'tries' }) });
  const schema = editorSchema([{ name: 'slow-start', features: ['slow'], config }]);
  const check = (yaml: string): boolean => Schema.Check(schema, parse(`client: {id: a}\n${yaml}`));
  expect(check('features: {slow: true}\nslow_start: {retries: 2}\n')).toBe(true);
  expect(check('slow_start: {retries: two}\n')).toBe(false);
  expect(JSON.stringify(schema)).not.toMatch(/"x-|~/);
});
