import Type from 'typebox';
import type { Static } from 'typebox';
import { Network } from './network.ts';

/** Certificate and key with which the server speaks HTTPS. */
const Tls = Type.Object(
  {
    cert: Type.String({
      minLength: 1,
      pattern: '^(?!-----BEGIN)',
      description: 'Path of the PEM certificate chain; relative to the file it stands in.',
      examples: ['/etc/orchestrall/tls/tls.crt'],
      'x-path': true,
      'x-expected': 'the path of a PEM file, not its text',
    }),
    key: Type.String({
      minLength: 1,
      pattern: '^(?!-----BEGIN)',
      description: 'Path of the PEM private key; relative to the file it stands in.',
      examples: ['/etc/orchestrall/tls/tls.key'],
      'x-path': true,
      'x-expected': 'the path of a PEM file, not its text',
    }),
  },
  { description: 'Serve HTTPS with this certificate; without it the server speaks HTTP.' },
);

/** Where the HTTP server listens and what it believes about those who call. */
export const Server = Type.Object(
  {
    host: Type.String({
      default: '127.0.0.1',
      minLength: 1,
      pattern: '^[A-Za-z0-9.:_-]+$',
      description: 'Address to listen on; `0.0.0.0` and `::` are all interfaces.',
      'x-expected': 'an IP address or a host name, without port or scheme',
    }),
    port: Type.Integer({
      default: 8000,
      minimum: 0,
      maximum: 65_535,
      description: 'Port to listen on; 0 picks a free one.',
    }),
    public_url: Type.Optional(
      Type.String({
        pattern: '^https?://[^/?#@\\s]+$',
        description:
          'Address under which others reach the appliance; it fixes the issuer of tokens and links in messages.',
        examples: ['https://orchestrall.acme.example'],
        'x-expected': '`http://` or `https://`, a host and perhaps a port, nothing after it',
      }),
    ),
    tls: Type.Optional(Tls),
    trusted_proxies: Type.Array(Network, {
      default: [],
      uniqueItems: true,
      maxItems: 64,
      description:
        "Networks of proxies whose `X-Forwarded-*` headers are believed; others' are ignored. Name a proxy on this machine too (`127.0.0.1/32`) and have it send `X-Forwarded-For`: what it forwards without that header counts as a request of this machine, to which `/metrics` is open without a token.",
      examples: [['10.42.0.0/16']],
    }),
    shutdown_timeout: Type.Integer({
      default: 30,
      minimum: 1,
      maximum: 3_600,
      description: 'How long requests in flight may take to finish when the appliance stops.',
      'x-unit': 'seconds',
    }),
    body_limit: Type.Integer({
      default: 1_048_576,
      minimum: 1_024,
      maximum: 1_073_741_824,
      description: 'Longest request body, where a route does not set its own.',
      'x-unit': 'bytes',
    }),
  },
  { default: {}, description: 'Where the HTTP server listens.', 'x-applies': 'restart' },
);
export type Server = Static<typeof Server>;
