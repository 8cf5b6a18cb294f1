import Type from 'typebox';
import type { Static } from 'typebox';

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** How much a logger says; each level includes those after it. */
const LogLevel = Type.Enum(levels);

/** What is logged and in which form. */
export const Logging = Type.Object(
  {
    level: Type.Enum(levels, {
      default: 'info',
      description: 'How much is logged where `levels` does not say otherwise.',
      'x-applies': 'live',
    }),
    levels: Type.Record(Type.String({ pattern: '^[a-z][a-z0-9_.-]*$' }), LogLevel, {
      default: {},
      description: 'Level per logger: a room of the core (`http`, `bus`) or the name of a plugin.',
      examples: [{ bus: 'debug' }],
      'x-applies': 'live',
    }),
    format: Type.Enum(['auto', 'json', 'pretty'], {
      default: 'auto',
      description: '`auto` is `pretty` on a terminal and one JSON object per line elsewhere.',
    }),
  },
  { default: {}, description: 'What is logged.', 'x-applies': 'restart' },
);
export type Logging = Static<typeof Logging>;
