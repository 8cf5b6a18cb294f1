import Type from 'typebox';
import type { Static } from 'typebox';

/** How long the history of events is kept. */
export const Events = Type.Object(
  {
    retention_days: Type.Integer({
      default: 30,
      minimum: 1,
      maximum: 3_650,
      description: 'How long events stay in the history; streams older than it start anew.',
      'x-unit': 'days',
    }),
  },
  { default: {}, description: 'The history of events.', 'x-applies': 'restart' },
);
export type Events = Static<typeof Events>;
