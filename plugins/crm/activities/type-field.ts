import { kindOf, refused } from '@orchestrall/sdk/resources';
import type { Field } from '@orchestrall/sdk/resources';
import Type from 'typebox';

/** What an activity can be. */
export const activityTypes = ['call', 'meeting', 'email', 'note', 'task'] as const;

/** What an activity can be. */
export type ActivityType = (typeof activityTypes)[number];

/** What an activity is; none is without. */
export function typeField() {
  const schema = Type.Unsafe<ActivityType>({
    type: 'string',
    enum: [...activityTypes],
    description: 'What it is.',
  });
  return {
    schema,
    input: schema,
    type: 'text',
    required: true,
    sortable: false,
    headers: [],
    read(given: unknown) {
      const kept = activityTypes.find((name) => name === given);
      if (kept !== undefined) return { kept, faults: [] };
      const is = typeof given === 'string' ? 'another word' : kindOf(given ?? null);
      return refused('note', `must be one of ${activityTypes.join(', ')}, is ${is}`);
    },
  } satisfies Field;
}
