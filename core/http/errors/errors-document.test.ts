import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { errorsDocument, errorsDocumentPath } from './errors-document.ts';

test('docs/errors.md says what the error tables say; if not, run npm run generate:errors', async () => {
  const text = await errorsDocument();
  expect(text).toContain('### ROUTE_NOT_FOUND');
  expect(text).toContain('## plugins/crm');
  expect(await readFile(join(import.meta.dirname, '..', '..', '..', errorsDocumentPath), 'utf8')).toBe(text);
});

test('no code stands in two error tables of the core', async () => {
  const text = await errorsDocument();
  const core = text.slice(0, text.indexOf('\n## plugins/'));
  const codes = Array.from(core.matchAll(/^### (\w+)$/gm), (match) => match[1]);
  expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
});
