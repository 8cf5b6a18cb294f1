import { Id } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';

/** What being in a stage says of a deal. */
export const outcomes = ['open', 'won', 'lost'] as const;

/** What being in a stage says of a deal. */
export type Outcome = (typeof outcomes)[number];

/** Most stages of a pipeline. */
export const maxStages = 50;

/** Longest name of a stage or pipeline, characters. */
export const maxNameLength = 100;

/** A deal's place on its way through a pipeline. */
export const Stage = Type.Object(
  {
    id: Id,
    name: Type.String({ minLength: 1, maxLength: maxNameLength }),
    probability: Type.Integer({
      minimum: 0,
      maximum: 100,
      description: 'How likely its deals are won, percent: 100 of a won stage, 0 of a lost one.',
    }),
    outcome: Type.Unsafe<Outcome>({
      type: 'string',
      enum: [...outcomes],
      description: 'The status of its deals.',
    }),
  },
  { title: 'Stage' },
);
export type Stage = Static<typeof Stage>;

/** What a stage is given as, in the list of its pipeline. */
export const StageInput = Type.Object(
  {
    id: Type.Optional(Type.String({ ...Id, description: 'Of a stage that is there; a new one has none.' })),
    name: Type.String({ maxLength: maxNameLength }),
    probability: Type.Optional(Type.Integer({ description: 'Default by the outcome: 50, 100 or 0.' })),
    outcome: Type.Optional(
      Type.Unsafe<Outcome>({ type: 'string', enum: [...outcomes], description: 'Default `open`.' }),
    ),
  },
  { title: 'StageInput', additionalProperties: false },
);
