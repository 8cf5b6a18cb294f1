import { secretText } from '@orchestrall/sdk';
import Type from 'typebox';
import type { Static } from 'typebox';
import { salesforceError } from './errors.ts';

const clientId = Type.String({ minLength: 1, description: 'Consumer key of the connected app.' });

/**
 * How to sign in: the client credentials flow
 * (https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm) or the JWT
 * bearer flow (https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_jwt_flow.htm).
 */
export const SalesforceSignIn = Type.Union([
  Type.Object(
    {
      method: Type.Literal('client_credentials'),
      client_id: clientId,
      client_secret: secretText({ description: 'Consumer secret of the connected app.' }),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      method: Type.Literal('jwt_bearer'),
      client_id: clientId,
      username: Type.String({
        minLength: 1,
        description: 'User on whose behalf records are read and written.',
      }),
      private_key: secretText({ description: 'RSA key in PEM; the connected app holds its certificate.' }),
      audience: Type.Optional(
        Type.String({
          minLength: 1,
          description:
            'Who the assertion is for; default https://login.salesforce.com, for a sandbox https://test.salesforce.com.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
]);
export type SalesforceSignIn = Static<typeof SalesforceSignIn>;

/** What the provider `salesforce` is configured with, among the configuration of CRM. */
export const salesforceSettings = {
  instance_url: Type.Optional(
    Type.String({
      pattern: '^https?://[^/?#@]+$',
      description:
        'My Domain address of the Salesforce organisation, such as https://acme.my.salesforce.com; needed by the provider salesforce.',
    }),
  ),
  api_version: Type.String({
    pattern: '^v?[0-9]{2,3}\\.0$',
    default: '62.0',
    description: 'Version of the REST and Bulk API of Salesforce, 47.0 or newer.',
  }),
  sign_in: Type.Optional(SalesforceSignIn),
};

/** Settings of the provider `salesforce`, complete. */
export interface SalesforceConfig {
  /** Without a slash at its end. */
  readonly instance_url: string;
  /** Such as `62.0`. */
  readonly api_version: string;
  readonly sign_in: SalesforceSignIn;
  /** Share of the daily API requests that is left to others, percent. */
  readonly api_reserve_percent: number;
}

/** What a configuration may say of it. */
export interface GivenSettings {
  readonly instance_url?: string;
  readonly api_version: string;
  readonly sign_in?: SalesforceSignIn;
}

const oldestVersion = 47;

/**
 * The settings when they are complete. Throws `SALESFORCE_NOT_CONFIGURED` naming all that is missing or wrong: an address
 * without TLS is for a machine's own loopback.
 */
export function requireSettings(given: GivenSettings, apiReservePercent: number): SalesforceConfig {
  const { instance_url, sign_in } = given;
  const api_version = given.api_version.replace(/^v/, '');
  const faults: string[] = [];
  const url = instance_url === undefined ? null : URL.parse(instance_url);
  if (instance_url === undefined) faults.push('instance_url is not given');
  else if (url === null) faults.push('instance_url is no address');
  else if (url.protocol !== 'https:' && !isLoopback(url.hostname)) faults.push('instance_url is not https');
  if (Number(api_version) < oldestVersion) faults.push(`api_version is older than ${oldestVersion}.0`);
  if (sign_in === undefined) faults.push('sign_in is not given');
  if (faults.length > 0 || instance_url === undefined || sign_in === undefined)
    throw salesforceError('SALESFORCE_NOT_CONFIGURED', { list: faults.join(', ') });
  return { instance_url, api_version, sign_in, api_reserve_percent: apiReservePercent };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
