import { readFile, rename, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { acmeClient } from '../../config/test/founding-files.ts';
import { repository, spawnProduct, startProduct, testFolder, unlimitedClient } from './process.ts';
import type { RunningAppliance, TestFolder } from './process.ts';

const example = join(repository, 'docs', 'examples', 'acme-corp.yaml');

let folder: TestFolder;

beforeAll(async () => {
  folder = await testFolder();
});

afterAll(async () => folder[Symbol.asyncDispose]());

async function json<Body>(response: Response): Promise<Body> {
  return (await response.json()) as Body;
}

test('the example is the client file as operators have it', async () => {
  expect(await readFile(example, 'utf8')).toBe(acmeClient);
});

test('the example starts; its provider, which is not told how to sign in, fails alone and health is degraded', async () => {
  await using appliance = await startProduct(join(folder.path, 'acme'), ['--config', example], {
    environment: { SALESFORCE_URL: 'https://acme.my.salesforce.com' },
  });
  const crm = await json(await appliance.request('GET', '/api/v1/system/plugins/crm'));
  expect(crm).toMatchObject({
    state: 'failed',
    desired: 'on',
    reason: expect.stringContaining('salesforce'),
  });
  expect(crm).toMatchObject({ reason: expect.stringContaining('builtin') });
  const contacts = await appliance.request('GET', '/api/v1/crm/contacts');
  expect(contacts.status).toBe(503);
  expect(contacts.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(await json(contacts)).toMatchObject({ code: 'PLUGIN_FAILED' });
  const health = await appliance.request('GET', '/health');
  expect(health.status).toBe(200);
  expect(await json(health)).toMatchObject({ status: 'degraded', components: { plugins: 'degraded' } });
  expect((await appliance.request('GET', '/health/ready')).status).toBe(200);
  const effective = await json(await appliance.request('GET', '/api/v1/system/configuration'));
  expect(effective).toMatchObject({ configuration: { client: { id: 'acme-corp', tier: 'enterprise' } } });
});

test.each([
  [
    'a misspelt feature',
    acmeClient.replace('crm_integration', 'crm_integrations'),
    ['did you mean', 'crm_integration'],
  ],
  ['a missing variable', acmeClient, ['SALESFORCE_URL', 'instance_url']],
  [
    'several faults at once',
    'client:\n  id: acme\n  tier: huge\nfeatures:\n  authentication: false\ndatabase:\n  path: data/orch.db\n',
    ['client.tier', 'features.authentication', 'database.path', '--data'],
  ],
])('%s stops the start with 78 and says where and what to do', async (name, yaml, words) => {
  const config = await folder.write('broken.yaml', yaml);
  const broken = spawnProduct('start', [
    '--data',
    join(folder.path, name),
    '--port',
    '0',
    '--config',
    config,
  ]);
  expect(await broken.ended).toBe(78);
  expect(broken.errors()).toContain('broken.yaml');
  for (const word of words) expect(broken.errors().toLowerCase()).toContain(word.toLowerCase());
  expect(broken.errors()).not.toContain('    at ');
  expect(broken.output()).not.toContain('ready');
});

/** Exchanges the folder behind the file in one step. */
async function publish(version: string, yaml: string): Promise<void> {
  await using next = await testFolder();
  const place = join(folder.path, `..${version}`);
  await next.write('client.yaml', yaml);
  await rename(next.path, place);
  await symlink(`..${version}`, join(folder.path, '..data_next'));
  await rename(join(folder.path, '..data_next'), join(folder.path, '..data'));
}

describe('a client file that is edited while the appliance runs', () => {
  const withoutCrm = unlimitedClient.replace('crm_integration: true', 'crm_integration: false');
  let appliance: RunningAppliance;
  let config: string;

  beforeAll(async () => {
    // As a Kubernetes ConfigMap is mounted: the file is a link through a link that is exchanged.
    config = join(folder.path, 'client.yaml');
    await publish('first', unlimitedClient);
    await symlink(join('..data', 'client.yaml'), config);
    appliance = await startProduct(join(folder.path, 'live'), ['--config', config]);
  });

  afterAll(async () => appliance[Symbol.asyncDispose]());

  async function replaceByRename(yaml: string): Promise<void> {
    await rename(await folder.write('client.yaml.next', yaml), config);
  }

  /** Asks until the answer is of this form; the test's own time limit ends it. */
  async function until(path: string, expected: object): Promise<void> {
    for (;;) {
      const answer: unknown = await json(await appliance.request('GET', path));
      try {
        expect(answer).toMatchObject(expected);
        return;
      } catch {
        await pause(20);
      }
    }
  }

  const plugin = '/api/v1/system/plugins/crm';
  const configuration = '/api/v1/system/configuration';

  test('a feature is switched when the link of a ConfigMap is exchanged', async () => {
    await publish('second', withoutCrm);
    await until(plugin, { state: 'off' });
    expect((await appliance.request('GET', '/api/v1/crm/contacts')).status).toBe(404);
  });

  test('a feature is switched when the file is replaced by rename', async () => {
    await replaceByRename(unlimitedClient);
    await until(plugin, { state: 'active' });
    expect((await appliance.request('GET', '/api/v1/crm/contacts')).status).toBe(200);
  });

  test('a broken edit keeps the last good configuration, and says so', async () => {
    await writeFile(config, unlimitedClient.replace('crm_integration: true', 'crm_integratoin: false'));
    await until('/health', { status: 'degraded', components: { configuration: 'degraded' } });
    const health = await json<{ details: { name: string; reason: string | null }[] }>(
      await appliance.request('GET', '/health'),
    );
    const { reason } = health.details.find(({ name }) => name === 'configuration') ?? { reason: null };
    expect(reason).toContain('crm_integratoin');
    expect(await json(await appliance.request('GET', plugin))).toMatchObject({ state: 'active' });
    await until('/api/v1/system/events?pattern=config.rejected&limit=1', {
      items: [{ type: 'config.rejected', data: { faults: [{ path: 'features.crm_integratoin' }] } }],
    });
  });

  test('mending it makes the appliance healthy again and applies the edit', async () => {
    await writeFile(config, withoutCrm);
    await until(plugin, { state: 'off' });
    await until('/health', { status: 'healthy', components: { configuration: 'healthy' } });
    await until(configuration, { rejected: null });
  });

  test('a flag in the .env beside the file overrides it while it stands there', async () => {
    const dotenv = await folder.write('.env', 'FF_CRM_INTEGRATION=true\n');
    await until(plugin, { state: 'active' });
    const flag = '/api/v1/system/flags/plugin.crm/explain';
    await until(flag, {
      decided_by: 'environment',
      sources: { environment: { variable: 'FF_CRM_INTEGRATION' } },
    });
    await unlink(dotenv);
    await until(plugin, { state: 'off' });
    await until(flag, { decided_by: 'yaml', sources: { environment: null } });
  });

  test('a secret that is rotated in its file is a new version, which shows neither', async () => {
    const secret = await folder.write('webhook', 'first-first-first\n');
    await writeFile(
      config,
      withoutCrm.replace('security:\n', `security:\n  webhook_secret: \${file:${secret}}\n`),
    );
    const rotated = { items: [{ differences: [{ path: 'security.webhook_secret', change: 'added' }] }] };
    await until(`${configuration}/versions?limit=1`, rotated);
    await writeFile(secret, 'other-other-other\n');
    await until(`${configuration}/versions?limit=1`, {
      items: [{ differences: [{ path: 'security.webhook_secret', before: '[secret]', after: '[secret]' }] }],
    });
    const versions = await appliance.request('GET', `${configuration}/versions`);
    expect(await versions.text()).not.toMatch(/first-first|other-other/);
  });

  test('a key that needs a restart is reported and changes nothing until then', async () => {
    await writeFile(config, `${unlimitedClient}server: { host: "0.0.0.0" }\n`);
    await until(configuration, {
      waiting: ['server.host'],
      configuration: { server: { host: '127.0.0.1' } },
    });
    await until(plugin, { state: 'active' });
    const versions = await json(await appliance.request('GET', `${configuration}/versions?limit=1`));
    expect(versions).toMatchObject({ items: [{ waiting: ['server.host'], hash: expect.any(String) }] });
  });
});
