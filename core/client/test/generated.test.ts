import { readFile } from 'node:fs/promises';
import { createTestAppliance } from '@orchestrall/core/testing';
import { expect, test } from 'vitest';
import { generatedFiles } from '../generate/client-types.ts';
import { fullDocument } from '../generate/full-document.ts';

test('the types of the client are those of the document; else run: npm run generate:client', async () => {
  await using world = await createTestAppliance();
  for (const { file, text } of await generatedFiles(await fullDocument(world.appliance))) {
    // Compared as a whole, since the difference of thousands of lines takes longer than writing them anew.
    expect(
      (await readFile(file, 'utf8')) === text,
      `${file} is not up to date; run: npm run generate:client`,
    ).toBe(true);
  }
});
