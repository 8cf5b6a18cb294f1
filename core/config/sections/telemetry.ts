import { secretText } from '@orchestrall/sdk';
import Type from 'typebox';
import type { Static } from 'typebox';

/** Whether traces leave the machine, and to where. */
export const Telemetry = Type.Object(
  {
    enabled: Type.Boolean({
      default: false,
      description: 'Send traces to `endpoint`. Metrics are always served at `/metrics`.',
    }),
    endpoint: Type.Optional(
      Type.String({
        pattern: '^https?://[^\\s@]+$',
        description: 'OpenTelemetry collector (OTLP over HTTP); needed when `enabled` is true.',
        examples: ['http://collector:4318'],
        'x-expected': 'a URL that starts with `http://` or `https://`, without user or password',
      }),
    ),
    headers: Type.Record(Type.String({ pattern: '^[A-Za-z0-9-]+$' }), secretText(), {
      default: {},
      description: 'Headers sent to the collector, such as `Authorization`.',
    }),
    sample_ratio: Type.Number({
      default: 1,
      minimum: 0,
      maximum: 1,
      description: 'Share of the traces begun here that is kept.',
      'x-unit': '0 to 1',
    }),
    environment: Type.String({
      default: 'production',
      pattern: '^[a-z0-9][a-z0-9_-]{0,62}$',
      description: 'Name of this environment in traces, such as `dev`, `staging`, `production`.',
      'x-expected': 'lower-case letters, digits, `-` and `_`, at most 63',
    }),
  },
  { default: {}, description: 'OpenTelemetry; off by default.', 'x-applies': 'restart' },
);
export type Telemetry = Static<typeof Telemetry>;
