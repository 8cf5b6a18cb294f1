import { defineEvent } from '@orchestrall/sdk';
import Type from 'typebox';

/** A flag has another value than before, or the same by another decision. */
export const flagChanged = defineEvent(
  'flag.changed',
  Type.Object({
    name: Type.String(),
    enabled: Type.Boolean({
      description:
        'Value that this change asks for; for one that takes a value back, what decides from then on.',
    }),
    source: Type.Union(
      [
        Type.Literal('yaml'),
        Type.Literal('admin'),
        Type.Literal('admin_withdrawn'),
        Type.Literal('kill_switch'),
      ],
      { description: 'Who changed it; `admin_withdrawn` took back what the API had set.' },
    ),
  }),
);
