import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { editorSchema } from './editor-schema.ts';
import { referencePage } from './reference.ts';

/** What is generated from the schema, by path from the root of the repository. */
export function generatedFiles(): Record<string, string> {
  return {
    'docs/reference/configuration.schema.json': `${JSON.stringify(editorSchema(), null, 2)}\n`,
    'docs/reference/configuration.md': referencePage(),
  };
}

if (import.meta.main) {
  const root = new URL('../../../', import.meta.url);
  await mkdir(new URL('docs/reference/', root), { recursive: true });
  for (const [path, text] of Object.entries(generatedFiles())) {
    await writeFile(new URL(path, root), text);
    process.stdout.write(`${fileURLToPath(new URL(path, root))}\n`);
  }
}
