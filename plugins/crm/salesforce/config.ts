import { secretText } from '@orchestrall/sdk';
import Type from 'typebox';
import type { Static } from 'typebox';

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

/** What the provider `salesforce` is configured with. */
export const SalesforceConfig = Type.Object(
  {
    instance_url: Type.String({
      pattern: '^https?://[^/?#@]+$',
      description: 'My Domain address, such as https://acme.my.salesforce.com.',
    }),
    api_version: Type.String({
      pattern: '^[0-9]{2,3}\\.0$',
      default: '62.0',
      description: 'Version of the REST and Bulk API, 47.0 or newer.',
    }),
    sign_in: SalesforceSignIn,
    api_reserve_percent: Type.Integer({
      minimum: 0,
      maximum: 90,
      default: 10,
      description: 'Share of the daily API requests that is left to others, percent.',
    }),
  },
  { additionalProperties: false },
);
export type SalesforceConfig = Static<typeof SalesforceConfig>;
