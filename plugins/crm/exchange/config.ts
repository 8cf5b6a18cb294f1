import Type from 'typebox';
import type { Static } from 'typebox';

/** How records are exchanged with an outside system; read by every provider but `builtin`. */
export const SyncConfig = Type.Object(
  {
    schedule: Type.String({
      default: '*/5 * * * *',
      description: 'When changes are pulled and pushed: cron in UTC.',
    }),
    overlap_seconds: Type.Integer({
      minimum: 60,
      maximum: 86_400,
      default: 900,
      description:
        'How long a change may be under way in the outside system before it can be seen, seconds; each pull begins so long before the last one.',
    }),
    api_reserve_percent: Type.Integer({
      minimum: 0,
      maximum: 90,
      default: 10,
      description: 'Share of the daily API requests that is left to others, percent.',
    }),
    default_owner: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: 'User name or id of who owns records whose owner there is nobody here; default nobody.',
      }),
    ),
    default_team: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: 'Id of the team that such records belong to; default none.',
      }),
    ),
    retention_days: Type.Integer({
      minimum: 1,
      maximum: 3_650,
      default: 30,
      description: 'How long ended runs, told conflicts and deletions can be read, days.',
    }),
  },
  { default: {}, additionalProperties: false, description: 'Exchange with an outside system.' },
);
export type SyncConfig = Static<typeof SyncConfig>;
