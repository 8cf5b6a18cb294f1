import { secretText } from '@orchestrall/sdk';
import Type from 'typebox';
import type { Static } from 'typebox';

/** How many requests one caller may make. */
const RateLimit = Type.Object(
  {
    requests_per_minute: Type.Integer({
      default: 100,
      minimum: 1,
      maximum: 10_000_000,
      description: 'Requests that one caller may make in a minute, on average.',
      'x-unit': 'requests',
    }),
    burst_size: Type.Integer({
      default: 20,
      minimum: 0,
      maximum: 10_000_000,
      description: 'Requests beyond the average that one caller may make at once.',
      'x-unit': 'requests',
    }),
  },
  { default: {}, description: 'Limits per caller.', 'x-applies': 'live' },
);

/** Tokens, webhooks and limits. */
export const Security = Type.Object(
  {
    jwt_expiry: Type.Integer({
      default: 300,
      minimum: 30,
      maximum: 86_400,
      description:
        'Life of an access token that the embedded identity provider issues. No key sets how long a sign-in lasts: a session ends ten hours after its last use for a sign-in, a refresh token at most ten hours after it was given out.',
      'x-unit': 'seconds',
    }),
    webhook_secret: Type.Optional(
      secretText({
        minLength: 16,
        description:
          'Reserved for the signatures of incoming webhooks (HMAC-SHA256): it is checked and masked, and nothing uses it yet, since no webhook is received.',
        examples: ['${file:/run/secrets/webhook}'],
        'x-expected': 'text of at least 16 characters',
      }),
    ),
    rate_limit: RateLimit,
  },
  { default: {}, description: 'Tokens, webhooks and limits.', 'x-applies': 'restart' },
);
export type Security = Static<typeof Security>;
