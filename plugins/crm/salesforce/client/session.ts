import { Secret } from '@orchestrall/sdk';
import Type from 'typebox';
import type { SalesforceConfig } from '../config.ts';
import { salesforceError } from '../errors.ts';
import { checked, readFault } from './answers.ts';
import { readKey, signAssertion } from './assertion.ts';
import { describeAnswer, parseJson, readText } from './body.ts';
import { asPassing, Passing, persist, sendOnce } from './exchange.ts';
import type { Effects } from './exchange.ts';

const TokenAnswer = Type.Object({
  access_token: Type.String({ minLength: 1 }),
  instance_url: Type.String({ minLength: 1 }),
});

/** Access tokens, asked for when one is needed. */
export interface Session {
  /** The token in use, or a new one. Throws `SALESFORCE_SIGN_IN_REFUSED` and what `persist` throws. */
  token(): Promise<Secret>;
  /** Drops a token that was refused, unless a newer one is in use already. */
  invalidate(token: Secret): void;
}

const name = 'POST /services/oauth2/token';
const timeoutMs = 30_000;

/**
 * Signs in at `/services/oauth2/token` of the instance. Tokens have no stated end: one is used until it is refused.
 * Requests that need a token while one is being fetched share it.
 */
export function createSession(config: SalesforceConfig, effects: Effects): Session {
  const bodyOf = createTokenRequest(config, effects);
  let current: Promise<Secret> | undefined;
  let known: Secret | undefined;

  const fetchToken = async (): Promise<Secret> => {
    known = await persist(effects, name, async () => signInOnce(config, effects, bodyOf()));
    return known;
  };
  return {
    async token() {
      const asked = (current ??= fetchToken());
      try {
        return await asked;
      } catch (error) {
        if (current === asked) current = undefined;
        throw error;
      }
    },
    invalidate(token) {
      if (known?.equals(token) === true) current = undefined;
    },
  };
}

function createTokenRequest({ sign_in }: SalesforceConfig, effects: Effects): () => URLSearchParams {
  if (sign_in.method === 'client_credentials') {
    return () =>
      new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: sign_in.client_id,
        client_secret: sign_in.client_secret.reveal(),
      });
  }
  const key = readKey(sign_in.private_key);
  const { client_id: clientId, username, audience = 'https://login.salesforce.com' } = sign_in;
  return () =>
    new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: signAssertion({ clientId, username, audience }, key, effects.now().getTime()),
    });
}

async function signInOnce(
  config: SalesforceConfig,
  effects: Effects,
  body: URLSearchParams,
): Promise<Secret> {
  const url = `${config.instance_url}/services/oauth2/token`;
  const init = { method: 'POST', body, headers: { accept: 'application/json' } };
  const response = await sendOnce(effects, { name, url, init, timeoutMs });
  const text = await readText(response, name).catch((error: unknown) => Promise.reject(asPassing(error)));
  const parsed = parseJson(text);
  const answer = checked(TokenAnswer, parsed);
  if (response.ok && answer !== undefined) {
    if (new URL(answer.instance_url).origin === new URL(config.instance_url).origin) {
      return new Secret(answer.access_token);
    }
    const found = new URL(answer.instance_url).origin;
    throw salesforceError('SALESFORCE_INSTANCE_DIFFERS', { found, expected: config.instance_url });
  }
  const fault = response.ok ? undefined : readFault(parsed);
  if (fault !== undefined) {
    const details = { error_code: fault.code, reason: fault.message };
    throw salesforceError('SALESFORCE_SIGN_IN_REFUSED', details);
  }
  const found = describeAnswer(response.status, response.headers.get('content-type'), text);
  const last = salesforceError('SALESFORCE_ANSWER_UNREADABLE', { request: name, found, expected: 'a token' });
  throw new Passing(found, { last });
}
