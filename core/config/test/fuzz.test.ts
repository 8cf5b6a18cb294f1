import { mkdir } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConfigurationError } from '../faults.ts';
import type { ConfigurationFault } from '../faults.ts';
import { clientFolder } from './client-folder.ts';
import type { ClientFolder } from './client-folder.ts';
import { mangledText, mangledTree, marker, secretVariables } from './mangled-files.ts';

/** Every fault says where, what is wrong, what is right and what to do. */
function expectHelpful(fault: ConfigurationFault, folder: ClientFolder): void {
  for (const part of [fault.message, fault.expected, fault.found, fault.remedy]) expect(part).not.toBe('');
  expect([folder.file, 'environment']).toContain(fault.file);
  const wholeFile = fault.code === 'unreadable' && fault.path === '';
  if (fault.file === folder.file && !wholeFile) {
    expect(fault.line, JSON.stringify(fault)).toBeGreaterThan(0);
    expect(fault.column, JSON.stringify(fault)).toBeGreaterThan(0);
  }
  const unparsed = ['syntax', 'unreadable', 'wrong_type'].includes(fault.code);
  if (!unparsed) expect(fault.path, JSON.stringify(fault)).not.toBe('');
}

async function expectLoadsOrHelps(folder: ClientFolder, yaml: string): Promise<void> {
  await folder.write('client.yaml', yaml);
  const outcome: unknown = await folder
    .load({ environment: secretVariables })
    .catch((error: unknown) => error);
  if (!(outcome instanceof Error)) return;
  expect(outcome).toBeInstanceOf(ConfigurationError);
  if (!(outcome instanceof ConfigurationError)) return;
  expect(outcome.faults.length).toBeGreaterThan(0);
  for (const fault of outcome.faults) expectHelpful(fault, folder);
  expect(JSON.stringify([outcome.message, outcome.faults])).not.toContain(marker);
}

test.each([
  ['keys and values', mangledTree],
  ['text', mangledText],
])('a file with mangled %s loads, or gives faults with place and remedy and no secret', async (_, files) => {
  await using folder = await clientFolder();
  await folder.write('secret', `${marker}-in-a-file\n`);
  await mkdir(`${folder.path}/folder`);
  await fc.assert(
    fc.asyncProperty(files, async (yaml) => expectLoadsOrHelps(folder, yaml)),
    { numRuns: 400 },
  );
});
