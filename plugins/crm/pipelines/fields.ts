import {
  Id,
  booleanField,
  bookkeeping,
  inputsOf,
  requiredTextField,
  schemasOf,
} from '@orchestrall/sdk/resources';
import type { FieldsOf } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';
import { foldName } from '../fields/folded.ts';
import { maxNameLength } from './stage.ts';
import { stagesField } from './stages-field.ts';

const description = 'Whether deals that name none begin in it: one is always the default. Default false.';
const isDefault = booleanField({ description });

/** The fields of a pipeline. */
export const pipelineFields = {
  name: requiredTextField(maxNameLength, 'a pipeline has a name', {
    description: 'What it is called; no two pipelines have one name.',
    folded: { column: 'name_key', fold: foldName },
  }),
  is_default: {
    ...isDefault,
    schema: Type.Boolean({ description }),
    required: true,
    read(given: unknown) {
      const { kept, faults } = isDefault.read(given);
      return { kept: kept ?? false, faults };
    },
  },
  stages: stagesField(),
};

/** Their values. */
export type PipelineFields = FieldsOf<typeof pipelineFields>;

/** The way that deals take, stage by stage. */
export const Pipeline = Type.Object(
  { id: Id, ...schemasOf(pipelineFields), ...bookkeeping },
  { title: 'Pipeline' },
);
export type Pipeline = Static<typeof Pipeline>;

/** What a pipeline is created with. */
export const PipelineInput = Type.Object(inputsOf(pipelineFields), {
  title: 'PipelineInput',
  additionalProperties: false,
});
