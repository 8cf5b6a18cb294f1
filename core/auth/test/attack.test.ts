import { Secret } from '@orchestrall/sdk';
import { once } from 'node:events';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestAppliance } from '../../testing/appliance.ts';
import type { TestAppliance } from '../../testing/appliance.ts';
import { openSigningKeys } from '../provider/signing-keys.ts';
import { createSeal } from '../../database/seal.ts';
import { Browser, basic, beginSignIn, postForm, redirectUri, signIn } from './browser.ts';
import type { TokenAnswer } from './browser.ts';
import { createForge } from './forge.ts';
import type { Forge } from './forge.ts';
import { forgeries } from './forgeries.ts';

let world: TestAppliance;
let forge: Forge;
const clock = { now: () => new Date(), monotonicMs: () => performance.now() };

beforeAll(async () => {
  world = await createTestAppliance();
  const { auth, database } = world.appliance.rooms;
  const secret = new Secret((await readFile(join(world.dataFolder, 'appliance.key'), 'utf8')).trim());
  const keys = await openSigningKeys({
    database: database.core(),
    seal: createSeal(secret, 'auth keys at rest'),
    clock,
  });
  const [jwk] = keys.privateKeys.keys;
  if (jwk === undefined) throw new TypeError('the appliance has no signing key');
  const ours = createPrivateKey({ key: jwk, format: 'jwk' });
  forge = await createForge({
    issuer: auth.issuer(),
    kid: keys.current.kid,
    ours,
    publicPem: createPublicKey(ours).export({ type: 'spki', format: 'pem' }).toString(),
    nowSeconds: Math.floor(Date.now() / 1000),
    revokedJti: await revokedJti(),
  });
});
afterAll(() => world?.[Symbol.asyncDispose]());

/** The id of a token that the provider has issued and taken back. */
async function revokedJti(): Promise<string> {
  const { auth } = world.appliance.rooms;
  const { secret = '' } = await auth.clients.create({ client_id: 'worker', roles: ['viewer'] });
  const { access_token: token } = await issue({ grant_type: 'client_credentials' }, basic('worker', secret));
  await postForm(endpoint('revoke'), { token }, basic('worker', secret));
  const claims: { readonly jti: string } = JSON.parse(
    Buffer.from(token.split('.')[1] ?? '', 'base64url').toString(),
  );
  return claims.jti;
}

const endpoint = (name: string): string =>
  `${world.appliance.rooms.auth.issuer()}/protocol/openid-connect/${name}`;

async function issue(
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<TokenAnswer> {
  const { status, body } = await postForm(endpoint('token'), form, headers);
  expect(status).toBe(200);
  return body;
}

/** Sends header lines as they are, which no client library would, and reads the status of the answer. */
async function statusOf(path: string, lines: readonly string[]): Promise<number> {
  const { hostname, port } = new URL(world.url);
  const socket = connect(Number(port), hostname);
  socket.write([`GET ${path} HTTP/1.1`, `Host: ${hostname}:${port}`, ...lines, '', ''].join('\r\n'));
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString();
    if (text.includes('\r\n')) socket.destroy();
  });
  socket.on('error', () => socket.destroy());
  await once(socket, 'close');
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1]);
}

const upgrade = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

const upgradeWith = (...lines: readonly string[]): Promise<number> =>
  statusOf('/ws/events', [...upgrade, ...lines]);

interface Door {
  readonly name: string;
  readonly welcome: number;
  readonly knock: (authorization: readonly string[]) => Promise<number>;
}

/** The ways in, and the status of who is let in. */
const doors: readonly Door[] = [
  {
    name: 'a request',
    welcome: 200,
    knock: (lines) => statusOf('/api/v1/system/events', ['Connection: close', ...lines]),
  },
  {
    name: 'a WebSocket upgrade',
    welcome: 101,
    knock: (lines) => upgradeWith(...lines),
  },
];

const bearer = (token: string): string => `Authorization: Bearer ${token}`;
const subprotocol = (token: string): string => `Sec-WebSocket-Protocol: orchestrall.events, bearer.${token}`;

describe.each(doors)('$name', ({ welcome, knock }) => {
  const knockWith = (token: string | undefined): Promise<number> => knock([bearer(token ?? '')]);

  it('is let in with a good token, in any case of the scheme', async () => {
    const token = forge.sign(forge.header(), forge.claims());
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      expect(await knock([`Authorization: ${scheme} ${token}`])).toBe(welcome);
      expect(await knock([`authorization: ${scheme} ${token}`])).toBe(welcome);
    }
  });

  it('with any forged or expired token is answered 401, and by no means let in', async () => {
    const answers: [string, number][] = [];
    for (const [name, , make] of forgeries) {
      const token = make(forge);
      // These two are a good token with white space around, which the forms of the header below are about.
      if (token.trim() !== token) continue;
      answers.push([name, await knock([bearer(token)])]);
    }
    expect(answers.length).toBeGreaterThanOrEqual(40);
    expect(answers.filter(([, status]) => status !== 401)).toEqual([]);
  });

  it('with a header of another form, or with two of them, is refused', async () => {
    const good = forge.sign(forge.header(), forge.claims());
    const bad = forge.sign(forge.header(), forge.claims(), forge.other);
    const forms: readonly (readonly string[])[] = [
      [],
      ['Authorization:'],
      ['Authorization: Bearer'],
      [`Authorization: ${good}`],
      [`Authorization: Bearer  ${good}`],
      [`Authorization: Bearer\t${good}`],
      [`Authorization: Bearer\u00a0${good}`],
      [`Authorization: Bearer ${good} x`],
      [`Authorization: Bearer ${good},${bad}`],
      [`Authorization: Bearer "${good}"`],
      [`Authorization: Bearer: ${good}`],
      [`Authorization: Bearer${good}`],
      [`Authorization: Token ${good}`],
      [`Authorization: Basic ${good}`],
      [`Authorization: JWT ${good}`],
      [`Authorization : Bearer ${good}`],
      [`Authorization: Bearer\r\n ${good}`],
      [`X-Authorization: Bearer ${good}`],
      [`Proxy-Authorization: Bearer ${good}`],
      [`Cookie: access_token=${good}`],
      [bearer(good), bearer(bad)],
      [bearer(bad), bearer(good)],
      [bearer(good), bearer(good)],
      [bearer(good), `authorization: Basic YTpi`],
    ];
    const answers: [number, number][] = [];
    for (const [index, lines] of forms.entries()) answers.push([index, await knock(lines)]);
    expect(answers.filter(([, status]) => status !== 401 && status !== 400)).toEqual([]);
  });

  it('with a token in the address is refused', async () => {
    const token = forge.sign(forge.header(), forge.claims());
    expect(await statusOf(`/api/v1/system/events?access_token=${token}`, ['Connection: close'])).not.toBe(
      200,
    );
    expect(await statusOf(`/ws/events?access_token=${token}`, upgrade)).not.toBe(101);
  });

  it('refuses tokens of the provider that are no access tokens, and those that are over', async () => {
    const { auth } = world.appliance.rooms;
    const name = welcome === 200 ? 'ada' : 'ben';
    const password = 'correct horse battery';
    const { user } = await auth.users.create({ name, password, roles: ['viewer'] });
    const clientId = `console-${name}`;
    await auth.clients.create({ client_id: clientId, public: true, redirect_uris: [redirectUri] });
    const enter = async (browser = new Browser()): Promise<TokenAnswer> => {
      const { url, verifier } = beginSignIn(auth.issuer(), clientId);
      const code = await signIn(browser, url, { name, password });
      const form = { client_id: clientId, redirect_uri: redirectUri, code, code_verifier: verifier };
      return issue({ grant_type: 'authorization_code', ...form });
    };
    const first = await enter();
    expect(await knockWith(first.access_token)).toBe(welcome);
    expect(await knockWith(first.id_token)).toBe(401);
    expect(await knockWith(first.refresh_token)).toBe(401);
    await postForm(endpoint('revoke'), { token: first.access_token, client_id: clientId });
    expect(await knockWith(first.access_token)).toBe(401);

    const browser = new Browser();
    const second = await enter(browser);
    expect(await knockWith(second.access_token)).toBe(welcome);
    const page = await browser.open(`${endpoint('logout')}?id_token_hint=${second.id_token ?? ''}`);
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(await page.response.text())?.[1] ?? '';
    await browser.submit(`${endpoint('logout')}/confirm`, { xsrf, logout: 'yes' });
    expect(await knockWith(second.access_token)).toBe(401);

    const third = await enter();
    expect(await knockWith(third.access_token)).toBe(welcome);
    await auth.users.disable(user.id);
    expect(await knockWith(third.access_token)).toBe(401);
  });
});

describe('a WebSocket upgrade with the token as a subprotocol', () => {
  it('is let in with a good one and refused with every forged one, with two, and beside a header', async () => {
    const good = forge.sign(forge.header(), forge.claims());
    expect(await upgradeWith(subprotocol(good))).toBe(101);
    const accepted: string[] = [];
    for (const [name, , make] of forgeries) {
      const token = make(forge);
      if (token.trim() === token && (await upgradeWith(subprotocol(token))) === 101) accepted.push(name);
    }
    expect(accepted).toEqual([]);
    const bad = forge.sign(forge.header(), forge.claims(), forge.other);
    expect(await upgradeWith(`${subprotocol(good)}, bearer.${bad}`)).toBe(401);
    expect(await upgradeWith(subprotocol(good), subprotocol(bad))).toBe(401);
    expect(await upgradeWith(subprotocol(good), bearer(bad))).toBe(401);
    expect(await upgradeWith(bearer(good), subprotocol(bad))).toBe(401);
  });
});

it('what the provider answers carries the id of the request and what is left of the limit, as every answer does', async () => {
  const { headers } = await fetch(endpoint('certs'));
  expect(headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
  expect(headers.get('ratelimit-remaining')).toMatch(/^\d+$/);
  expect(headers.get('content-security-policy')).toContain("default-src 'none'");
});
