import Type from 'typebox';
import type { Static } from 'typebox';

/** One field of a record before and after a change. */
export const FieldChange = Type.Object({ from: Type.Unknown(), to: Type.Unknown() });
export type FieldChange = Static<typeof FieldChange>;
