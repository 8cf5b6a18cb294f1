import type { Role } from '@orchestrall/sdk';
import { Browser, basic, beginSignIn, postForm, redirectUri, signIn } from '../auth/test/browser.ts';
import type { TestAppliance } from './appliance.ts';

/** Somebody who signs in. */
export interface Person {
  readonly name: string;
  readonly password: string;
}

const clientId = 'console-of-tests';

/** Makes the client that `personToken` signs people in to; once for an appliance. */
export async function createConsole({ appliance }: Pick<TestAppliance, 'appliance'>): Promise<void> {
  await appliance.rooms.auth.clients.create({
    client_id: clientId,
    public: true,
    redirect_uris: [redirectUri],
  });
}

/** The access token that a person gets by signing in on the page, as long-lived as the configuration says. */
export async function personToken({ url }: Pick<TestAppliance, 'url'>, person: Person): Promise<string> {
  const realm = `${url}/realms/orchestrall`;
  const { url: page, verifier } = beginSignIn(realm, clientId);
  const code = await signIn(new Browser(), page, person);
  const { body } = await postForm(`${realm}/protocol/openid-connect/token`, {
    grant_type: 'authorization_code',
    client_id: clientId,
    redirect_uri: redirectUri,
    code,
    code_verifier: verifier,
  });
  return body.access_token;
}

/** The access token of a program that is made with this role and acts for itself. */
export async function programToken(
  { appliance, url }: Pick<TestAppliance, 'appliance' | 'url'>,
  program: { readonly client_id: string; readonly role: Role },
): Promise<string> {
  const { client_id, role } = program;
  const { secret = '' } = await appliance.rooms.auth.clients.create({ client_id, roles: [role] });
  const { body } = await postForm(
    `${url}/realms/orchestrall/protocol/openid-connect/token`,
    { grant_type: 'client_credentials' },
    basic(client_id, secret),
  );
  return body.access_token;
}
