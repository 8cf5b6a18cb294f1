import { mkdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { environmentNames } from '../source/environment-names.ts';
import { readEnvironment } from '../source/environment.ts';
import { clientFolder, installed } from './client-folder.ts';

const client = 'client:\n  id: acme\n';

test('a variable is read as the type that its key wants', async () => {
  await using folder = await clientFolder(
    `${client}  name: \${NAME}\nserver: {port: "\${PORT}"}\ntelemetry: {enabled: "\${ON}", endpoint: "http://\${HOST}:\${PORT}", sample_ratio: "\${RATIO}"}\nfeatures:\n  crm_integration: \${ON}\n`,
  );
  const environment = { NAME: '42', PORT: '8080', ON: 'yes', HOST: 'otel', RATIO: '0.5' };
  const { value } = await folder.load({ environment });
  expect(value.client.name).toBe('42');
  expect(value.server.port).toBe(8080);
  expect(value.telemetry).toMatchObject({ enabled: true, endpoint: 'http://otel:8080', sample_ratio: 0.5 });
  expect(value.features['crm_integration']?.enabled).toBe(true);
});

test('a default holds for a variable that is not set or empty, and may be empty itself', async () => {
  await using folder = await clientFolder(`${client}  name: "\${A:-x} \${B:-y:-z}\${C:-}"\n`);
  expect((await folder.load({ environment: { A: '' } })).value.client.name).toBe('x y:-z');
});

test('$${ writes ${ itself', async () => {
  await using folder = await clientFolder(`${client}  name: "$\${A} costs $5 \${A}"\n`);
  expect((await folder.load({ environment: { A: 'b' } })).value.client.name).toBe('${A} costs $5 b');
});

test('.env beside the file is read, and the environment stands over it unless it is empty', async () => {
  await using folder = await clientFolder(`${client}  name: "\${A} \${B} \${C}"\n`);
  await folder.write('.env', '# names\nA=1\nexport B="2 2"\nC=3\nFF_CRM_INTEGRATION=true\n');
  const { value, sources } = await folder.load({ environment: { A: 'one', C: '' } });
  expect(value.client.name).toBe('one 2 2 3');
  expect(sources['crm_integration']).toMatchObject({ decidedBy: 'environment' });
});

test('a .env that cannot be read is a fault', async () => {
  await using folder = await clientFolder(client);
  await mkdir(`${folder.path}/.env`);
  expect(await folder.faults()).toMatchObject([{ file: `${folder.path}/.env`, message: /is a folder/ }]);
});

test('a fault of .env is told at the line of its own name, not of a longer one that begins alike', async () => {
  await using folder = await clientFolder(client);
  await folder.write('.env', 'export JWT_SECRET = x\nJWT_SECRET_OLD=y\n');
  expect(await folder.faults()).toMatchObject([{ path: 'JWT_SECRET', line: 1, column: 1 }]);
});

test('every variable of a value that is not set is told, and every file of it is known', async () => {
  await using folder = await clientFolder(`${client}  name: \${A}-\${B}-\${file:gone}\n`);
  const faults = await folder.faults();
  expect(faults.map(({ message }) => message)).toEqual([
    expect.stringContaining('variable A'),
    expect.stringContaining('variable B'),
    expect.stringContaining('/gone'),
  ]);
});

test('a secret in a file is taken as it was meant: without a byte order mark, and never in another encoding', async () => {
  await using folder = await clientFolder('client: {id: a}\nsecurity: {webhook_secret: "${file:key}"}\n');
  await folder.write('key', '\uFEFFgr\u00fcn-und-lang-genug-fuer-einen-schluessel\r\n');
  const { value } = await folder.load();
  expect(value.security.webhook_secret?.reveal()).toBe('gr\u00fcn-und-lang-genug-fuer-einen-schluessel');
  // As Windows-1252 writes it.
  await folder.write('key', Buffer.from('gr\u00fcn-und-lang-genug-fuer-einen-schluessel', 'latin1'));
  expect(await folder.faults()).toMatchObject([
    {
      code: 'unreadable',
      path: 'security.webhook_secret',
      message: /key is not valid UTF-8/,
      remedy: /UTF-8/,
    },
  ]);
});

test('a flag of the environment stands over the file, and the sources say so', async () => {
  await using folder = await clientFolder(`${client}features: {crm_integration: true}\n`);
  const before = await folder.load();
  expect(before.sources['crm_integration']).toEqual({
    decidedBy: 'file',
    file: true,
    environment: null,
    default: false,
  });
  const after = await folder.load({ environment: { FF_CRM_INTEGRATION: 'false' } });
  expect(after.value.features['crm_integration']?.enabled).toBe(false);
  expect(after.sources['crm_integration']).toEqual({
    decidedBy: 'environment',
    file: true,
    environment: { variable: 'FF_CRM_INTEGRATION', enabled: false },
    default: false,
  });
});

test('of several variables for one feature FF_<FEATURE> decides', async () => {
  await using folder = await clientFolder(client);
  const options = { installed: [{ name: 'monitoring' }] };
  for (const [enabled, other] of [
    ['false', 'true'],
    ['true', 'false'],
  ] as const) {
    const environment = { ENABLE_MONITORING: other, FF_MONITORING: enabled };
    const { sources } = await folder.load({ ...options, environment });
    expect(sources['monitoring']?.environment).toEqual({
      variable: 'FF_MONITORING',
      enabled: enabled === 'true',
    });
  }
  const { sources } = await folder.load({ ...options, environment: { ENABLE_MONITORING: '1' } });
  expect(sources['monitoring']?.environment).toEqual({ variable: 'ENABLE_MONITORING', enabled: true });
});

test('a plugin without a feature key of its own is switched by its name with _ for -', async () => {
  await using folder = await clientFolder(`${client}features: {slow_start: true}\nslow_start: {key: a}\n`);
  expect((await folder.load()).sources['slow_start']).toMatchObject({ file: true });
  const { value } = await folder.load({ environment: { FF_SLOW_START: 'off' } });
  expect(value.features['slow_start']?.enabled).toBe(false);
  await folder.write('client.yaml', `${client}features: {slow-start: true}\n`);
  expect(await folder.faults()).toMatchObject([{ remedy: 'Did you mean `slow_start`?' }]);
});

test('a plugin that one of its keys switches on must have what it requires', async () => {
  await using folder = await clientFolder(client);
  const [crm, , slowStart] = installed;
  if (crm === undefined || slowStart === undefined) throw new Error('the tests have three plugins');
  const both = { ...slowStart, features: ['one', 'two'] };
  const environment = { FF_ONE: 'false', FF_TWO: 'true' };
  const faults = await folder.faults({ installed: [crm, both], environment });
  expect(faults).toMatchObject([{ code: 'missing_key', path: 'slow_start.key' }]);
});

test('a feature that nobody names is as its plugin says', async () => {
  await using folder = await clientFolder(client);
  const loaded = await folder.load({
    installed: [{ name: 'crm', enabledByDefault: true }, { name: 'tasks' }],
  });
  expect(loaded.value.features).toMatchObject({ crm: { enabled: true }, tasks: { enabled: false } });
  expect(loaded.sources['crm']).toMatchObject({ decidedBy: 'default', file: null });
});

test('the command line stands over environment and file', async () => {
  await using folder = await clientFolder(`${client}server: {port: 1, host: a.example}\n`);
  const overrides = { 'server.port': '0', 'server.host': '::1' };
  expect((await folder.load({ overrides })).value.server).toMatchObject({ port: 0, host: '::1' });
  const faults = await folder.faults({ overrides: { 'server.port': 'eighty' } });
  expect(faults).toMatchObject([
    { file: 'command line', path: 'server.port', found: 'text (from the command line)' },
  ]);
});

const samples: Readonly<Record<string, string>> = {
  DATABASE_URL: 'postgres://u:p@db/x',
  WEBHOOK_SECRET: 'a-long-enough-secret',
  ENVIRONMENT: 'dev',
  DEBUG_MODE: 'true',
  ENABLE_MONITORING: 'true',
  ENABLE_SELF_HEALING: 'true',
};

test.each(Object.entries(environmentNames))(
  '%s in the environment has its outcome',
  async (name, outcome) => {
    await using folder = await clientFolder(client);
    const environment = { [name]: samples[name] ?? 'some-text' };
    if (outcome.kind === 'refused') {
      const { message, remedy } = outcome;
      expect(await folder.faults({ environment })).toMatchObject([
        { code: 'refused_variable', path: name, file: 'environment', message, remedy },
      ]);
      return;
    }
    const { value, inactive } = await folder.load({ environment });
    const path = outcome.kind === 'switches' ? ['features', outcome.feature] : outcome.path;
    const reported = inactive.some((key) => key.path === path.join('.') && key.reason.includes(name));
    const set = [value.database.url, value.security.webhook_secret].map((secret) => secret?.reveal());
    const honoured = [...set, value.telemetry.environment, value.logging.level].includes(
      outcome.kind === 'sets_when_true' ? outcome.value : environment[name],
    );
    const inSection = JSON.stringify(value.sections['notifications']).includes(`"${path.at(-1) ?? ''}"`);
    expect([reported, honoured || inSection]).toContain(true);
  },
);

test('a name that the file asks for does what the file does with it, and nothing else', async () => {
  await using folder = await clientFolder(
    `${client}  name: \${JWT_SECRET}\ndatabase:\n  url: \${DATABASE_URL}?sslmode=require\n`,
  );
  const { value } = await folder.load({ environment: { JWT_SECRET: 'x', DATABASE_URL: 'postgres://db/x' } });
  expect(value.database.url?.reveal()).toBe('postgres://db/x?sslmode=require');
});

test('a flag that the file asks for itself overrides nothing', async () => {
  await using folder = await clientFolder(`${client}features: {crm_integration: "\${FF_CRM_INTEGRATION}"}\n`);
  const { sources } = await folder.load({ environment: { FF_CRM_INTEGRATION: 'yes' } });
  expect(sources['crm_integration']).toMatchObject({ decidedBy: 'file', file: true, environment: null });
});

test('a flag of another program is ignored and reported, unless it stands in .env', async () => {
  await using folder = await clientFolder(client);
  const { inactive } = await folder.load({ environment: { FF_GITLAB_TIMESTAMPS: '1' } });
  expect(inactive).toMatchObject([{ path: 'FF_GITLAB_TIMESTAMPS' }]);
  await folder.write('.env', 'FF_GITLAB_TIMESTAMPS=1\n');
  expect(await folder.faults()).toMatchObject([{ path: 'FF_GITLAB_TIMESTAMPS', line: 1 }]);
});

test('an empty name of the table counts as not set', async () => {
  await using folder = await clientFolder(client);
  const environment = { JWT_SECRET: '', DATABASE_URL: '', FF_CRM_INTEGRATION: '', DEBUG_MODE: 'false' };
  const { value } = await folder.load({ environment });
  expect(value.database.url).toBeUndefined();
  expect(value.logging.level).toBe('info');
});

test('the environment is a frozen copy of the process', () => {
  const environment = readEnvironment();
  expect(environment['PATH']).toBe(process.env['PATH']);
  expect(Object.isFrozen(environment)).toBe(true);
});
