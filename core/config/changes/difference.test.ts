import { Secret, secretText } from '@orchestrall/sdk';
import Type from 'typebox';
import { expect, test } from 'vitest';
import { applyLive } from './apply-live.ts';
import { CoreSections } from '../configuration.ts';
import { difference, snapshotDifference } from './difference.ts';
import { masked } from '../secrets/masked.ts';
import type { LoadedConfiguration } from '../load.ts';
import { certificate, privateKey } from '../test/certificate.ts';
import { clientFolder, installed } from '../test/client-folder.ts';
import { hashOf } from './hash.ts';
import { describeVersion } from './version.ts';

async function load(yaml: string): Promise<LoadedConfiguration> {
  await using folder = await clientFolder(yaml);
  await folder.write('tls.crt', certificate);
  await folder.write('tls.key', privateKey);
  return await folder.load();
}

const plain = 'client: {id: acme}\n';
const hashKey = new Secret('the key of a test');

/** Every key of the core and of a plugin, each with another value than the default. */
const changed = `
client: {id: other, name: Other, tier: enterprise, deployment_model: hybrid}
server: {host: 0.0.0.0, port: 1, public_url: https://a.example, tls: {cert: tls.crt, key: tls.key}, trusted_proxies: [10.0.0.0/8], shutdown_timeout: 1, body_limit: 2048}
database: {url: "postgres://a:hush@b/c", pool_size: 3, timeout: 4}
security: {jwt_expiry: 60, webhook_secret: hush-hush-hush-hush, rate_limit: {requests_per_minute: 1, burst_size: 2}}
logging: {level: debug, levels: {bus: trace}, format: pretty}
telemetry: {enabled: true, endpoint: "http://a:1", headers: {Authorization: hush}, sample_ratio: 0.5, environment: dev}
events: {retention_days: 1}
plugins: {paths: [/p], hosts: {crm: [a.example]}, drain_timeout: 1}
webhooks: {allowed_hosts: [a.example], allowed_networks: [10.0.0.0/8], allow_http: true, timeout: 1, pause_after_failures: 1, pause_after_hours: 1, retention_days: 1}
features: {crm_integration: {enabled: true, provider: builtin}}
notifications: {mode: careful, slack: {webhook_url: hush, channel: x}}
`;

test('features, rate limits, log levels, hosts, webhooks and sections of plugins are live, everything else needs a restart', async () => {
  const differences = difference(await load(plain), await load(changed), installed);
  const live = differences.filter(({ applies }) => applies === 'live').map(({ path }) => path);
  expect(live).toEqual([
    'features.crm_integration.enabled',
    'features.crm_integration.provider',
    'logging.level',
    'logging.levels.bus',
    'notifications.mode',
    'notifications.slack.channel',
    'notifications.slack.webhook_url',
    'plugins.hosts.crm',
    'security.rate_limit.burst_size',
    'security.rate_limit.requests_per_minute',
    'webhooks.allow_http',
    'webhooks.allowed_hosts',
    'webhooks.allowed_networks',
    'webhooks.pause_after_failures',
    'webhooks.pause_after_hours',
    'webhooks.retention_days',
    'webhooks.timeout',
  ]);
  const sections = Object.keys(CoreSections.properties);
  const touched = new Set(differences.map(({ path }) => path.split('.')[0]));
  expect(sections.filter((name) => !touched.has(name))).toEqual([]);
});

test('a difference shows what was added, removed and changed, and no secret', async () => {
  const differences = difference(await load(plain), await load(changed), installed);
  expect(differences).toContainEqual({
    path: 'logging.level',
    change: 'changed',
    applies: 'live',
    before: 'info',
    after: 'debug',
  });
  expect(differences).toContainEqual({
    path: 'database.url',
    change: 'added',
    applies: 'restart',
    before: null,
    after: '[secret]',
  });
  expect(JSON.stringify(differences)).not.toContain('hush');
  const back = difference(await load(changed), await load(plain), installed);
  expect(back.find(({ path }) => path === 'server.public_url')).toMatchObject({
    change: 'removed',
    after: null,
  });
});

test('a rotated secret is a difference that shows neither', async () => {
  const one = await load(`${plain}notifications: {slack: {webhook_url: one}}\n`);
  const two = await load(`${plain}notifications: {slack: {webhook_url: two}}\n`);
  expect(difference(one, two)).toEqual([
    {
      path: 'notifications.slack.webhook_url',
      change: 'changed',
      applies: 'live',
      before: '[secret]',
      after: '[secret]',
    },
  ]);
});

test('a secret rotated inside a list is a difference that shows neither', async () => {
  const config = Type.Object({ keys: Type.Array(Type.Object({ name: Type.String(), key: secretText() })) });
  const crm = [{ name: 'crm', config }];
  await using folder = await clientFolder(`${plain}crm: {keys: [{name: a, key: hush-one}]}\n`);
  const one = await folder.load({ installed: crm });
  await folder.write('client.yaml', `${plain}crm: {keys: [{name: a, key: hush-two}]}\n`);
  const differences = difference(one, await folder.load({ installed: crm }), crm);
  expect(differences).toMatchObject([{ path: 'crm.keys', before: '[secret]', after: '[secret]' }]);
});

test("a plugin's key that asks for a restart gets it", async () => {
  const next = await load(`${plain}notifications: {retries: 9}\n`);
  expect(difference(await load(plain), next, installed)).toMatchObject([
    { path: 'notifications.retries', applies: 'restart' },
  ]);
});

test('applyLive takes over exactly what is live', async () => {
  const running = await load(plain);
  const next = await load(changed);
  const effective = applyLive(running, next, installed);
  const left = difference(effective, next, installed);
  expect(left).toHaveLength(26);
  expect(left.filter(({ applies }) => applies === 'live')).toEqual([]);
  const taken = difference(running, effective, installed);
  expect(taken.filter(({ applies }) => applies === 'restart')).toEqual([]);
  expect(taken).toHaveLength(17);
  expect(effective.secrets.paths()).toEqual(['notifications.slack.webhook_url']);
});

test("applyLive holds back a plugin's whole section where one key of it needs a restart", async () => {
  const next = await load(`${plain}notifications: {retries: 9, mode: careful}\n`);
  const effective = applyLive(await load(plain), next, installed);
  expect(effective.value.sections['notifications']).toMatchObject({ retries: 3, mode: 'fast' });
});

test('a live key of the core that comes from a secret file stays masked after an edit, and is masked no longer than that', async () => {
  await using folder = await clientFolder(plain);
  await folder.write('level', 'debug\n');
  await folder.write('client.yaml', `${plain}logging: {level: "\${file:level}"}\n`);
  const [open, closed] = [await load(plain), await folder.load()];
  const shown = [applyLive(open, closed), applyLive(closed, open)].map(({ value, secrets }) =>
    masked(value, secrets),
  );
  expect(shown).toMatchObject([{ logging: { level: '[secret]' } }, { logging: { level: 'info' } }]);
});

test('a masked configuration reads like the YAML and holds no secret', async () => {
  const { value, secrets } = await load(changed);
  const shown = masked(value, secrets);
  expect(shown).toMatchObject({
    database: { url: '[secret]' },
    notifications: { slack: { webhook_url: '[secret]' } },
  });
  expect(JSON.stringify(shown)).not.toContain('hush');
});

function namedSecrets(digit: number): string {
  return `${plain}crm: {client_secret: hush-${digit}, apiToken: 4711${digit}, password: [hush-${digit}]}\n`;
}

test('a plain text, number or list whose key says secret is masked too', async () => {
  const config = Type.Object({
    client_secret: Type.String(),
    apiToken: Type.Integer(),
    password: Type.Array(Type.String()),
  });
  const crm = [{ name: 'crm', config }];
  await using folder = await clientFolder(namedSecrets(1));
  const one = await folder.load({ installed: crm });
  await folder.write('client.yaml', namedSecrets(2));
  const two = await folder.load({ installed: crm });
  const shown = [difference(one, two, crm), masked(one.value, one.secrets)];
  expect(shown).toMatchObject([
    [{ path: 'crm.apiToken' }, { path: 'crm.client_secret' }, { path: 'crm.password' }],
    { crm: { client_secret: '[secret]', apiToken: '[secret]', password: ['[secret]'] } },
  ]);
  expect(JSON.stringify(shown)).not.toMatch(/hush|4711/);
});

test('a secret that only its name tells is masked inside a list of mappings too', async () => {
  const config = Type.Object({ accounts: Type.Array(Type.Object({ api_key: Type.String() })) });
  const crm = [{ name: 'crm', config }];
  await using folder = await clientFolder(`${plain}crm: {accounts: [{api_key: hush-one}]}\n`);
  const one = await folder.load({ installed: crm });
  await folder.write('client.yaml', `${plain}crm: {accounts: [{api_key: hush-two}]}\n`);
  expect(difference(one, await folder.load({ installed: crm }), crm)).toMatchObject([
    { path: 'crm.accounts', before: '[secret]', after: '[secret]' },
  ]);
});

test('a version tells time, hash, author and what waits for a restart', async () => {
  const started = await load(plain);
  const next = await load(`${plain}server: {port: 1}\nfeatures: {crm_integration: true}\n`);
  const appliedAt = new Date(0);
  expect(describeVersion({ started, next, appliedAt, hashKey, author: 'ada', installed })).toMatchObject({
    applied_at: '1970-01-01T00:00:00.000Z',
    hash: hashOf(next, hashKey),
    author: 'ada',
    waiting: ['server.port'],
  });
  expect(describeVersion({ started, next: started, appliedAt, hashKey })).toMatchObject({
    author: null,
    waiting: [],
  });
});

test('an edit that is taken back waits for no restart', async () => {
  const started = await load(plain);
  const edited = await load(`${plain}server: {port: 1}\n`);
  const appliedAt = new Date(0);
  const edit = describeVersion({ next: edited, started, appliedAt, hashKey });
  expect(edit.waiting).toEqual(['server.port']);
  const back = describeVersion({ next: started, started, appliedAt, hashKey });
  expect(back.waiting).toEqual([]);
  expect(snapshotDifference(edit.snapshot, back.snapshot)).toMatchObject([{ path: 'server.port' }]);
});
