import { inspect } from 'node:util';
import Type from 'typebox';
import { expect, test } from 'vitest';
import { loadConfiguration } from '../load.ts';
import { clientFolder, installed } from './client-folder.ts';
import { acmeClient, productionFile } from './founding-files.ts';

test('the ACME client loads exactly as printed', async () => {
  await using folder = await clientFolder(acmeClient);
  const loaded = await folder.load({ environment: { SALESFORCE_URL: 'https://acme.my.salesforce.com' } });
  expect(loaded.value.client).toEqual({
    id: 'acme-corp',
    name: 'ACME Corporation',
    tier: 'enterprise',
    deployment_model: 'hybrid',
  });
  expect(loaded.value.features).toMatchObject({
    authentication: { enabled: true },
    authorization: { enabled: true },
    audit_logging: { enabled: true },
    crm_integration: { enabled: true, provider: 'salesforce' },
  });
  expect(loaded.value.sections).not.toHaveProperty('crm');
  expect(loaded.inactive).toEqual([]);
});

test("an installed provider's config is read by its plugin's schema", async () => {
  await using folder = await clientFolder(acmeClient);
  const config = Type.Object({
    instance_url: Type.String(),
    api_version: Type.String(),
    page: Type.Integer({ default: 5 }),
  });
  const crm = { name: 'crm', features: ['crm_integration'], providers: ['builtin', 'salesforce'], config };
  const loaded = await folder.load({
    environment: { SALESFORCE_URL: 'https://a.example' },
    installed: [crm],
  });
  expect(loaded.value.sections['crm']).toEqual({
    instance_url: 'https://a.example',
    api_version: 'v59.0',
    page: 5,
  });
});

test('without a file the built-in client runs CRM on loopback', async () => {
  const loaded = await loadConfiguration({ environment: {}, installed });
  expect(loaded.value).toMatchObject({
    client: { id: 'local' },
    server: { host: '127.0.0.1', port: 8000 },
    security: { jwt_expiry: 300 },
    events: { retention_days: 30 },
    telemetry: { enabled: false },
    features: { crm_integration: { enabled: true, provider: null } },
  });
  expect(loaded.file).toBeNull();
  expect(loaded.files).toEqual([]);
});

const refused = [/^ {2}path: .*\n/m, /^ {2}jwt_secret: .*\n/m];
const honoured = refused.reduce(
  (text, line) => text.replace(line, ''),
  `client: {id: old}\n${productionFile}`,
);
const productionVariables = {
  WEBHOOK_SECRET: 'a-long-enough-secret',
  SLACK_WEBHOOK_URL: 'https://hooks.example/x',
  SMTP_SERVER: 'smtp.company.com',
};

test('of the production file database.path and security.jwt_secret are refused and nothing else', async () => {
  await using folder = await clientFolder(`client: {id: old}\n${productionFile}`);
  const faults = await folder.faults({ environment: productionVariables });
  expect(faults.map(({ path, code }) => [path, code])).toEqual([
    ['database.path', 'refused_key'],
    ['security.jwt_secret', 'refused_key'],
  ]);
});

test('every other key of the production file is honoured under its name', async () => {
  await using folder = await clientFolder(honoured);
  const thresholds = Type.Record(Type.String(), Type.Number());
  const monitoring = Type.Object({
    interval: Type.Integer(),
    metrics_retention: Type.Integer(),
    alert_thresholds: thresholds,
  });
  const { value, secrets } = await folder.load({
    environment: productionVariables,
    installed: [...installed, { name: 'monitoring', config: monitoring }],
  });
  expect(value.database).toEqual({ pool_size: 10, timeout: 30 });
  expect(value.security.jwt_expiry).toBe(3600);
  expect(value.security.webhook_secret?.reveal()).toBe('a-long-enough-secret');
  expect(value.security.rate_limit).toEqual({ requests_per_minute: 100, burst_size: 20 });
  expect(value.sections['monitoring']).toEqual({
    interval: 60,
    metrics_retention: 2_592_000,
    alert_thresholds: { cpu_percent: 80, memory_percent: 85, disk_usage_percent: 90 },
  });
  expect(secrets.get('notifications.slack.webhook_url')?.reveal()).toBe('https://hooks.example/x');
  expect(value.sections['notifications']).toMatchObject({
    slack: { channel: '#orch-alerts' },
    email: { smtp_server: 'smtp.company.com', from_address: 'orch@company.com' },
  });
});

test('capabilities that are not installed are inactive, and their variables need not be set', async () => {
  await using folder = await clientFolder(`${honoured}features:\n  agents: \${AGENTS}\n  console: true\n`);
  const loaded = await folder.load({
    environment: { WEBHOOK_SECRET: 'a-long-enough-secret' },
    installed: [],
  });
  expect(loaded.inactive.map(({ path }) => path)).toEqual([
    'monitoring',
    'notifications',
    'features.agents',
    'features.console',
  ]);
  expect(loaded.value.sections).toEqual({});
});

test('a preset holds where the file is silent and yields where it speaks', async () => {
  await using folder = await clientFolder(
    'client: {id: a, tier: enterprise, deployment_model: cloud-native}\nsecurity: {rate_limit: {burst_size: 7}}\n',
  );
  const { value } = await folder.load();
  expect(value.security.rate_limit).toEqual({ requests_per_minute: 600, burst_size: 7 });
  expect(value.server.host).toBe('0.0.0.0');
  expect(value.database.pool_size).toBe(20);
});

test('a section without anything below it is taken as empty', async () => {
  await using folder = await clientFolder('client: {id: a}\nserver:\nfeatures:\nnotifications:\n');
  const { value } = await folder.load();
  expect(value.server.port).toBe(8000);
  expect(value.sections['notifications']).toMatchObject({ retries: 3 });
});

test('the client is named by its id where it has no name', async () => {
  await using folder = await clientFolder('client: {id: acme}\n');
  expect((await folder.load()).value.client.name).toBe('acme');
});

test('paths are meant from the folder of the file', async () => {
  await using folder = await clientFolder('client: {id: a}\nplugins: {paths: [packed, /opt/x]}\n');
  expect((await folder.load()).value.plugins.paths).toEqual([`${folder.path}/packed`, '/opt/x']);
});

test("a plugin's settings may stand in its section, in its feature's config, or be shared out", async () => {
  await using folder = await clientFolder(
    'client: {id: a}\nnotifications: {retries: 1}\nfeatures: {notifications: {config: {mode: careful}}}\n',
  );
  const { value } = await folder.load();
  expect(value.sections['notifications']).toEqual({ retries: 1, mode: 'careful' });
  expect(value.features['notifications']).toEqual({ enabled: true, provider: null });
});

test('a plugin that is off and of which nothing is said may lack what it requires', async () => {
  await using folder = await clientFolder('client: {id: a}\n');
  expect((await folder.load()).value.sections).not.toHaveProperty('slow_start');
});

test('a secret cannot be printed, inspected, serialised or joined, and is masked in texts of others', async () => {
  await using folder = await clientFolder(
    'client: {id: a, name: "${file:name}"}\nsecurity: {webhook_secret: "${file:key}"}\ntelemetry: {headers: {Authorization: Bearer hush-hush}}\n',
  );
  await folder.write('key', 'do-not-show-this-key\n');
  await folder.write('name', 'do-not-show-this-name');
  const { value, secrets } = await folder.load();
  const shown = [
    JSON.stringify(value.security),
    inspect(value.security),
    inspect(secrets),
    JSON.stringify({ secrets }),
  ];
  expect([...shown, String(value.security.webhook_secret)].join('\n')).not.toContain('do-not-show');
  expect(value.security.webhook_secret?.reveal()).toBe('do-not-show-this-key');
  expect(secrets.paths()).toEqual([
    'client.name',
    'security.webhook_secret',
    'telemetry.headers.Authorization',
  ]);
  expect(secrets.mask('key do-not-show-this-key')).toBe('key [secret]');
});
