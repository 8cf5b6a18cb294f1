import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readMigrations } from './migration.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrall-migrations-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('readMigrations() gives the files of a folder in order of their numbers', async () => {
  await writeFile(join(folder, '0010-add-index.sql'), 'SELECT 10');
  await writeFile(join(folder, '0002-create-contacts.sql'), 'SELECT 2');
  expect(await readMigrations(folder, 'crm')).toEqual([
    { number: 2, name: 'create-contacts', sql: 'SELECT 2' },
    { number: 10, name: 'add-index', sql: 'SELECT 10' },
  ]);
});

test('readMigrations() gives nothing for a folder that is not there', async () => {
  expect(await readMigrations(join(folder, 'none'), 'crm')).toEqual([]);
});

test.each([
  ['1-short.sql', 'SELECT 1', /does not have the form/],
  ['0001-Upper.sql', 'SELECT 1', /does not have the form/],
  ['readme.md', 'x', /does not have the form/],
  ['0000-zero.sql', 'SELECT 1', /not from 0001 to 9999/],
  ['0001-empty.sql', ' \n', /is empty/],
])('readMigrations() refuses %s by name', async (file, content, message) => {
  await writeFile(join(folder, file), content);
  const attempt = readMigrations(folder, 'crm');
  await expect(attempt).rejects.toThrow(message);
  await expect(attempt).rejects.toMatchObject({ code: 'MIGRATION_INVALID', details: { file } });
});
