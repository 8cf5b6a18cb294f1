import { defineEvent } from '@orchestrall/sdk';
import Type from 'typebox';

/** A flag has another value than before, or the same by another decision. */
export const flagChanged = defineEvent(
  'flag.changed',
  Type.Object({
    name: Type.String(),
    enabled: Type.Boolean({ description: 'Value that this change asks for.' }),
    source: Type.Union([Type.Literal('yaml'), Type.Literal('admin'), Type.Literal('kill_switch')]),
  }),
);
