import { mkdir, symlink } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { ConfigurationError, configurationExitCode } from '../faults.ts';
import { brokenVariants } from './broken/variants.ts';
import { certificate, otherPrivateKey, privateKey } from './certificate.ts';
import { clientFolder } from './client-folder.ts';

test.each(brokenVariants)('a configuration with $name is refused with place and remedy', async (variant) => {
  await using folder = await clientFolder(variant.yaml);
  if (variant.dotenv !== undefined) await folder.write('.env', variant.dotenv);
  const faults = await folder.faults({ environment: variant.environment ?? {} });
  const fault = faults.find(({ path, code }) => path === variant.path && code === variant.code);
  expect(fault, JSON.stringify(faults, null, 2)).toBeDefined();
  expect(fault?.line).toBe(variant.line);
  expect(fault?.message).toMatch(variant.message);
  expect(fault?.expected).toMatch(variant.expected);
  expect(fault?.remedy).toMatch(variant.remedy);
});

test('there are at least thirty broken variants', () => {
  expect(brokenVariants.length).toBeGreaterThanOrEqual(30);
});

test('all faults are told at once, in the order of their lines', async () => {
  await using folder = await clientFolder(
    'client:\n  tier: gold\nserver:\n  port: -1\n  prot: 1\nfeatures:\n  authentication: false\nstorage: 1\n',
  );
  const faults = await folder.faults({ environment: { JWT_SECRET: 'x' } });
  expect(faults.map(({ path, line }) => `${line ?? '-'} ${path}`)).toEqual([
    '- JWT_SECRET',
    '2 client.id',
    '2 client.tier',
    '4 server.port',
    '5 server.prot',
    '7 features.authentication',
    '8 storage',
  ]);
});

test('the error carries exit code 78 and renders file, line, column, path, expectation, finding and remedy', async () => {
  await using folder = await clientFolder('client:\n  id: acme\n  tier: gold\n');
  const error = await folder.load().catch((reason: unknown) => reason);
  expect(configurationExitCode).toBe(78);
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(error).toMatchObject({
    exitCode: 78,
    code: 'CONFIGURATION_INVALID',
    files: [folder.file, `${folder.path}/.env`],
  });
  expect(String(error)).toContain(`${folder.file}:3:9  client.tier\n`);
  expect(String(error)).toContain('  expected: one of `starter`, `professional`, `enterprise`\n');
  expect(String(error)).toContain('  found:    text\n');
  expect(String(error)).toContain('  remedy:   ');
});

test('contradictions are told beside faults of other sections, and bad items are not called doubled', async () => {
  await using folder = await clientFolder(
    'client: {id: NO}\nserver: {trusted_proxies: [a, b]}\ntelemetry: {enabled: true}\n',
  );
  expect((await folder.faults()).map(({ path }) => path)).toEqual([
    'client.id',
    'server.trusted_proxies[0]',
    'server.trusted_proxies[1]',
    'telemetry.endpoint',
  ]);
});

test('no fault shows the value that it found', async () => {
  const secret = 'hunter2-do-not-show';
  await using folder = await clientFolder(
    `client:\n  id: ${secret.toUpperCase()}\n  tier: \${TIER}\nserver:\n  port: \${PORT:-${secret}}\ndatabase:\n  url: mysql://${secret}\nsecurity:\n  webhook_secret: \${file:key}\n`,
  );
  await folder.write('key', 'hunter2');
  const error = await folder.load({ environment: { TIER: secret } }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(JSON.stringify([error, String(error)]).toLowerCase()).not.toContain('hunter2');
});

test('a file that is missing, a folder, or a circle of links is refused by name', async () => {
  await using folder = await clientFolder();
  expect(await folder.faults()).toMatchObject([{ message: /no such file/, remedy: /Check the path/ }]);
  await mkdir(`${folder.path}/sub`);
  expect(await folder.faults({ file: `${folder.path}/sub` })).toMatchObject([{ found: 'a folder' }]);
  await symlink('client.yaml', folder.file);
  expect(await folder.faults()).toMatchObject([{ message: /circle/ }]);
});

test('a certificate and its key must be PEM and belong together', async () => {
  await using folder = await clientFolder('client: {id: a}\nserver: {tls: {cert: c, key: k}}\n');
  const write = async (cert: string, key: string): Promise<void> => {
    await folder.write('c', cert);
    await folder.write('k', key);
  };
  await write(certificate, privateKey);
  expect((await folder.load()).value.server.tls).toEqual({
    cert: `${folder.path}/c`,
    key: `${folder.path}/k`,
  });
  await write('none', privateKey);
  expect(await folder.faults()).toMatchObject([{ path: 'server.tls.cert', message: /holds no certificate/ }]);
  await write(certificate, certificate);
  expect(await folder.faults()).toMatchObject([{ path: 'server.tls.key', message: /holds no private key/ }]);
  await write(certificate, otherPrivateKey);
  expect(await folder.faults()).toMatchObject([{ path: 'server.tls.key', message: /does not belong/ }]);
  await mkdir(`${folder.path}/folder`);
  await folder.write('client.yaml', 'client: {id: a}\nserver: {tls: {cert: folder, key: k}}\n');
  expect(await folder.faults()).toMatchObject([{ path: 'server.tls.cert', message: /is a folder/ }]);
});

test.each([
  ['brackets', `client: ${'['.repeat(200_000)}\n`, 'client: '.length + 321],
  ['braces', `client: ${'{a: '.repeat(200_000)}\n`, 'client: '.length + 320 * 4 + 1],
  ['dashes', `${'- '.repeat(200_000)}\n`, 320 * 2 + 1],
])(
  '%s nested by the ten thousand are refused where they are too deep, before they are parsed',
  async (_, yaml, column) => {
    await using folder = await clientFolder(yaml);
    const faults = await folder.faults();
    expect(faults).toMatchObject([{ code: 'syntax', line: 1, column, message: /more than 32 levels/ }]);
  },
);

test('brackets in texts and comments are no nesting', async () => {
  const many = '['.repeat(60);
  await using folder = await clientFolder(
    `# ${many}\nclient:\n  id: acme\n  name: "${many}"\n# {{{ ${many}\n`,
  );
  await expect(folder.load()).resolves.toBeDefined();
});

test('a file with more marks than settings can have is refused before it is parsed', async () => {
  await using folder = await clientFolder(`client:\n  id: acme\nx: [${'[],'.repeat(40_000)}]\n`);
  expect(await folder.faults()).toMatchObject([
    { code: 'syntax', line: 3, message: /more than 65000 words/ },
  ]);
});

test.each([
  ['unknown keys', Array.from({ length: 3_000 }, (_, index) => `server${index}: 1\n`).join('')],
  ['broken lines', '- "a\n'.repeat(3_000)],
])('of thousands of %s a hundred are told, and how many there are', async (_, lines) => {
  await using folder = await clientFolder(`client: {id: acme}\n${lines}`);
  const error = await folder.load().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConfigurationError);
  if (!(error instanceof ConfigurationError)) return;
  expect(error.faults).toHaveLength(100);
  const [, count] = /(\d+) faults, of which 100 are shown/.exec(error.message) ?? [];
  expect(Number(count)).toBeGreaterThanOrEqual(2_900);
  expect(error.details).toMatchObject({ omitted: Number(count) - 100 });
});

test('a file with more values than settings can be is refused once', async () => {
  await using folder = await clientFolder(`client:\n  id: acme\nx: [${'1,'.repeat(21_000)}]\n`);
  const faults = await folder.faults();
  expect(faults.filter(({ message }) => /more than 20000 values/.test(message))).toHaveLength(1);
});
