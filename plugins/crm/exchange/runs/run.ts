import Type from 'typebox';
import type { Static } from 'typebox';

/** How far a run is; the last three are its end. */
export const runStatuses = ['queued', 'running', 'waiting', 'completed', 'failed', 'cancelled'] as const;
export type RunStatus = (typeof runStatuses)[number];

/** An object that was refused in a run. */
export const RunFailure = Type.Object({
  object: Type.String(),
  code: Type.String(),
  reason: Type.String(),
});
export type RunFailure = Static<typeof RunFailure>;
