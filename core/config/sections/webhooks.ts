import Type from 'typebox';
import type { Static } from 'typebox';
import { Network } from './network.ts';

/** Where webhooks may be sent, how patiently, and how long is kept what came of it. */
export const Webhooks = Type.Object(
  {
    allowed_hosts: Type.Array(
      Type.String({
        pattern: '^((\\*\\.)?[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?$',
        description: 'A host, `*.domain` or `host:port`.',
        'x-expected': '`example.com`, `*.example.com`, `example.com:8443` or `[2001:db8::1]:8443`',
      }),
      {
        default: [],
        uniqueItems: true,
        maxItems: 256,
        description:
          'Hosts to which webhooks may be sent; none by default. Without a port the one of `https` (or `http`) is meant.',
        examples: [['hooks.acme.example', '*.partner.example']],
      },
    ),
    allowed_networks: Type.Array(Network, {
      default: [],
      uniqueItems: true,
      maxItems: 64,
      description:
        'Networks beyond the public internet in which an allowed host may lie. Private, loopback, link-local and other special addresses are refused else, also when a name leads to them.',
      examples: [['10.20.0.0/16']],
    }),
    allow_http: Type.Boolean({
      default: false,
      description: 'Whether webhooks may be sent by `http://`, which anyone on the way can read.',
    }),
    timeout: Type.Integer({
      default: 10,
      minimum: 1,
      maximum: 30,
      description: 'How long a receiver has for its answer, the connection included.',
      'x-unit': 'seconds',
    }),
    pause_after_failures: Type.Integer({
      default: 20,
      minimum: 1,
      maximum: 10_000,
      description: 'Failed attempts in a row after which a webhook is paused, if they last long enough.',
      'x-unit': 'attempts',
    }),
    pause_after_hours: Type.Integer({
      default: 24,
      minimum: 0,
      maximum: 720,
      description: 'How long nothing must have got through before a webhook is paused.',
      'x-unit': 'hours',
    }),
    retention_days: Type.Integer({
      default: 14,
      minimum: 1,
      maximum: 365,
      description: 'How long ended deliveries stay in the log of a webhook.',
      'x-unit': 'days',
    }),
  },
  {
    default: {},
    description: 'Events sent to other systems; to none until `allowed_hosts` names some.',
    'x-applies': 'live',
  },
);
export type Webhooks = Static<typeof Webhooks>;
