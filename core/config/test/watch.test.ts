import { appendFile, mkdir, rename, rm, symlink, unlink, utimes, writeFile } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import type { LoadedConfiguration } from '../load.ts';
import { watchConfiguration } from '../changes/watch.ts';
import type { AppliedConfiguration, ConfigurationWatcher, WatchOptions } from '../changes/watch.ts';
import { clientFolder, installed } from './client-folder.ts';

const named = (name: string): string => `client:\n  id: acme\n  name: ${name}\n`;
const longMs = 3_600_000;

type Told = { applied: AppliedConfiguration } | { rejected: Error; kept: LoadedConfiguration };

/** Collects what a watcher tells, so that a test can wait for the next word. */
class Ear {
  readonly told: Told[] = [];
  #read = 0;
  #wake = Promise.withResolvers<void>();

  hear(word: Told): void {
    this.told.push(word);
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  async next(): Promise<Told> {
    for (;;) {
      const word = this.told[this.#read];
      if (word !== undefined) {
        this.#read += 1;
        return word;
      }
      await this.#wake.promise;
    }
  }

  async applied(): Promise<AppliedConfiguration> {
    const word = await this.next();
    if ('applied' in word) return word.applied;
    throw word.rejected;
  }

  async rejected(): Promise<Error> {
    const word = await this.next();
    if ('rejected' in word) return word.rejected;
    throw new Error(`applied ${word.applied.next.value.client.name}`);
  }
}

const open: ConfigurationWatcher[] = [];

afterEach(async () => {
  for (const watcher of open.splice(0)) await watcher[Symbol.asyncDispose]();
});

async function watching(
  initial: LoadedConfiguration,
  file: string,
  options: Partial<WatchOptions> = {},
): Promise<{ watcher: ConfigurationWatcher; ear: Ear }> {
  const ear = new Ear();
  const watcher = await watchConfiguration({
    file,
    initial,
    environment: {},
    installed,
    // Nothing here may be seen by the slow poll, unless a test is about it.
    pollMs: longMs,
    onApplied: (applied) => ear.hear({ applied }),
    onRejected: (rejected, kept) => ear.hear({ rejected, kept }),
    ...options,
  });
  open.push(watcher);
  return { watcher, ear };
}

test('an edit in place is applied, with what differs', async () => {
  await using folder = await clientFolder(named('one'));
  const { ear, watcher } = await watching(await folder.load(), folder.file);
  await folder.write('client.yaml', `${named('one')}features: {crm_integration: true}\n`);
  const { previous, next, differences } = await ear.applied();
  expect(differences).toMatchObject([
    { path: 'features.crm_integration.enabled', applies: 'live', after: true },
  ]);
  expect(previous.value.features['crm_integration']?.enabled).toBe(false);
  expect(watcher.current).toBe(next);
});

test('replacement by rename is applied, again and again', async () => {
  await using folder = await clientFolder(named('start'));
  const { ear } = await watching(await folder.load(), folder.file);
  for (const name of ['one', 'two', 'three']) {
    await rename(await folder.write('client.yaml.new', named(name)), folder.file);
    expect((await ear.applied()).next.value.client.name).toBe(name);
  }
});

test('a ConfigMap is applied each time its ..data link is exchanged', async () => {
  await using folder = await clientFolder();
  const publish = async (version: string): Promise<void> => {
    await folder.write(`..${version}/client.yaml`, named(version));
    await symlink(`..${version}`, `${folder.path}/..data_tmp`);
    await rename(`${folder.path}/..data_tmp`, `${folder.path}/..data`);
  };
  await publish('one');
  await symlink('..data/client.yaml', folder.file);
  const { ear } = await watching(await folder.load(), folder.file);
  for (const version of ['two', 'three', 'four']) {
    await publish(version);
    expect((await ear.applied()).next.value.client.name).toBe(version);
  }
  await rm(`${folder.path}/..one`, { recursive: true });
  await folder.write('..four/client.yaml', named('in place'));
  expect((await ear.applied()).next.value.client.name).toBe('in place');
});

test('the exchange of a link some folders above the file is applied', async () => {
  await using folder = await clientFolder();
  await folder.write('releases/1/etc/client.yaml', named('one'));
  await folder.write('releases/2/etc/client.yaml', named('two'));
  await symlink('releases/1', `${folder.path}/current`);
  const file = `${folder.path}/current/etc/client.yaml`;
  const { ear } = await watching(await folder.load({ file }), file);
  await symlink(`${folder.path}/releases/2`, `${folder.path}/next`);
  await rename(`${folder.path}/next`, `${folder.path}/current`);
  expect((await ear.applied()).next.value.client.name).toBe('two');
});

test('a broken edit keeps the last good configuration, and mending it applies', async () => {
  await using folder = await clientFolder(named('good'));
  const { ear, watcher } = await watching(await folder.load(), folder.file);
  await folder.write('client.yaml', 'client:\n  id: NO\n');
  expect(await ear.rejected()).toMatchObject({ faults: [{ path: 'client.id', line: 2 }] });
  expect(watcher.current.value.client.name).toBe('good');
  await folder.write('client.yaml', named('better'));
  expect((await ear.applied()).differences).toMatchObject([
    { path: 'client.name', before: 'good', after: 'better' },
  ]);
});

test('taking a broken edit back is told too, without differences', async () => {
  await using folder = await clientFolder(named('good'));
  const { ear } = await watching(await folder.load(), folder.file);
  await folder.write('client.yaml', ': [');
  await ear.rejected();
  await folder.write('client.yaml', named('good'));
  expect((await ear.applied()).differences).toEqual([]);
});

test('a broken edit is told once, however often the file is looked at', async () => {
  await using folder = await clientFolder(named('good'));
  const { ear, watcher } = await watching(await folder.load(), folder.file);
  await folder.write('client.yaml', ': [');
  await ear.rejected();
  await watcher.check();
  await watcher.check();
  expect(ear.told).toHaveLength(1);
});

test('an edit that changes nothing is not told', async () => {
  await using folder = await clientFolder(named('same'));
  const { ear, watcher } = await watching(await folder.load(), folder.file);
  await appendFile(folder.file, '# a comment\n');
  await watcher.check();
  await folder.write('client.yaml', named('other'));
  expect((await ear.applied()).next.value.client.name).toBe('other');
  expect(ear.told).toHaveLength(1);
});

test('removing the file is rejected, and putting it back is applied', async () => {
  await using folder = await clientFolder(named('there'));
  const { ear, watcher } = await watching(await folder.load(), folder.file);
  await unlink(folder.file);
  expect((await ear.rejected()).message).toContain('no such file');
  expect(watcher.current.value.client.name).toBe('there');
  await folder.write('client.yaml', named('back'));
  expect((await ear.applied()).next.value.client.name).toBe('back');
});

test('a .env that appears and changes is applied', async () => {
  await using folder = await clientFolder(named('${NAME:-none}'));
  const { ear } = await watching(await folder.load(), folder.file);
  await folder.write('.env', 'NAME=one\n');
  expect((await ear.applied()).next.value.client.name).toBe('one');
  await folder.write('.env', 'NAME=one\nFF_CRM_INTEGRATION=true\n');
  expect((await ear.applied()).differences).toMatchObject([{ path: 'features.crm_integration.enabled' }]);
});

test('a secret file in another folder is watched, from when the YAML names it, and also while it is missing', async () => {
  await using folder = await clientFolder(named('one'));
  await mkdir(`${folder.path}/secrets`);
  const { ear } = await watching(await folder.load(), folder.file);
  await folder.write('client.yaml', `${named('one')}security: {webhook_secret: "\${file:secrets/key}"}\n`);
  expect((await ear.rejected()).message).toContain('secrets/key');
  await folder.write('secrets/key', 'first-first-first\n');
  expect((await ear.applied()).differences).toMatchObject([
    { path: 'security.webhook_secret', change: 'added' },
  ]);
  await rename(await folder.write('secrets/new', 'other-other-other\n'), `${folder.path}/secrets/key`);
  const { next, differences } = await ear.applied();
  expect(differences).toMatchObject([{ before: '[secret]', after: '[secret]' }]);
  expect(next.value.security.webhook_secret?.reveal()).toBe('other-other-other');
});

async function replaceFolder(path: string): Promise<void> {
  await rename(`${path}/etc`, `${path}/etc.old`);
  await rename(`${path}/etc.new`, `${path}/etc`);
}

test('a folder that is replaced as a whole is seen by the slow poll', async () => {
  await using folder = await clientFolder();
  await folder.write('etc/client.yaml', named('one'));
  await folder.write('etc.new/client.yaml', named('two'));
  const file = `${folder.path}/etc/client.yaml`;
  const { ear } = await watching(await folder.load({ file }), file, { pollMs: 50 });
  await replaceFolder(folder.path);
  let word = await ear.next();
  // Between the two renames there is no file, which the poll may or may not have seen.
  if ('rejected' in word) word = await ear.next();
  expect('applied' in word && word.applied.next.value.client.name).toBe('two');
});

test('a folder that took the name of a watched one is watched in its place', async () => {
  await using folder = await clientFolder();
  await folder.write('etc/client.yaml', named('one'));
  await folder.write('etc.new/client.yaml', named('two'));
  const file = `${folder.path}/etc/client.yaml`;
  const { ear, watcher } = await watching(await folder.load({ file }), file);
  await replaceFolder(folder.path);
  await watcher.check();
  expect((await ear.applied()).next.value.client.name).toBe('two');
  await writeFile(file, named('three'));
  expect((await ear.applied()).next.value.client.name).toBe('three');
});

test('what onApplied throws rejects the edit', async () => {
  await using folder = await clientFolder(named('good'));
  const { ear, watcher } = await watching(await folder.load(), folder.file, {
    onApplied: () => {
      throw new Error('the database is down');
    },
  });
  await folder.write('client.yaml', named('other'));
  expect((await ear.rejected()).message).toBe('the database is down');
  expect(watcher.current.value.client.name).toBe('good');
});

test('an edit made before the watch began is not missed', async () => {
  await using folder = await clientFolder(named('old'));
  const initial = await folder.load();
  await folder.write('client.yaml', named('new'));
  const { ear } = await watching(initial, folder.file);
  expect((await ear.applied()).next.value.client.name).toBe('new');
});

test('of many edits in quick succession the last one stands in the end', async () => {
  await using folder = await clientFolder(named('start'));
  const { watcher, ear } = await watching(await folder.load(), folder.file);
  for (let edit = 1; edit <= 50; edit += 1) await folder.write('client.yaml', named(`edit-${edit}`));
  for (let last = ''; last !== 'edit-50';) {
    const word = await ear.next();
    if ('applied' in word) last = word.applied.next.value.client.name;
  }
  expect(watcher.current.value.client.name).toBe('edit-50');
});

test('after it is disposed nothing is told any more', async () => {
  await using folder = await clientFolder(named('one'));
  const { watcher, ear } = await watching(await folder.load(), folder.file, { pollMs: 10 });
  await watcher[Symbol.asyncDispose]();
  await folder.write('client.yaml', named('two'));
  await utimes(folder.file, 1, 1);
  await watcher.check();
  expect(ear.told).toEqual([]);
});

test('an edit that was refused for no fault of its own is tried again while the file stays as it is', async () => {
  await using folder = await clientFolder(named('one'));
  // More tries than the signs of one edit could bring about.
  let refusals = 10;
  const { ear, watcher } = await watching(await folder.load(), folder.file, {
    pollMs: 10,
    onApplied: (applied) => {
      refusals -= 1;
      if (refusals >= 0) throw new Error('the database is away');
      ear.hear({ applied });
    },
  });
  await folder.write('client.yaml', named('two'));
  expect((await ear.rejected()).message).toBe('the database is away');
  expect(watcher.current.value.client.name).toBe('one');
  expect((await ear.applied()).next.value.client.name).toBe('two');
});
