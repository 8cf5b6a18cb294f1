import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { createAppliance } from '@orchestrall/core';
import { generatedFiles } from './client-types.ts';
import { fullDocument } from './full-document.ts';

const dataFolder = await mkdtemp(join(tmpdir(), 'orchestrall-client-'));
try {
  const appliance = await createAppliance({
    file: undefined,
    dataFolder,
    environment: {},
    overrides: { 'server.port': '0' },
    logDestination: { write: () => undefined },
  });
  try {
    for (const { file, text } of await generatedFiles(await fullDocument(appliance))) {
      await writeFile(file, text);
      process.stdout.write(`${relative(process.cwd(), file)}\n`);
    }
  } finally {
    await appliance.stop('the types of the client are written');
  }
} finally {
  await rm(dataFolder, { recursive: true, force: true });
}
