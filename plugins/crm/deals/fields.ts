import {
  Id,
  choiceField,
  dateField,
  decimalField,
  instantField,
  integerField,
  referenceField,
  requiredTextField,
  textField,
} from '@orchestrall/sdk/resources';
import type { Field, FieldsOf } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import { foldName } from '../fields/folded.ts';
import { ownerFields } from '../fields/owner-fields.ts';
import { tagsField } from '../fields/tags-field.ts';
import { currencyField, maxMinorUnits } from '../money/currency.ts';
import { outcomes } from '../pipelines/stage.ts';
import type { Outcome } from '../pipelines/stage.ts';
import { linesField } from './lines-field.ts';
import { maxAmountDigits } from './total.ts';

const amountDigits = { whole: maxAmountDigits, fraction: maxMinorUnits };

/** A field that is never null once a deal is written, since what is left out is found out. */
function always<Of extends Field, Schema extends Field['schema']>(field: Of, schema: Schema) {
  return { ...field, schema, required: true };
}

/** The fields of a deal. */
export const dealFields = {
  name: requiredTextField(300, 'a deal has a name', {
    description: 'What the deal is called.',
    headers: ['dealname', 'opportunity', 'opportunityname', 'title', 'geschaft'],
    search: 'words',
    folded: { column: 'name_key', fold: foldName },
  }),
  external_id: textField(200, {
    description: 'Its id in another system; no two deals have the same one.',
    headers: ['externalid', 'dealid', 'opportunityid', 'recordid'],
    search: 'words',
  }),
  pipeline_id: always(
    referenceField({
      description: 'The pipeline it is in; default that of the stage, else the default one.',
    }),
    Type.String({ ...Id, description: 'The pipeline it is in.' }),
  ),
  stage_id: always(
    referenceField({ description: 'Its stage in the pipeline; default the first open one.' }),
    Type.String({ ...Id, description: 'Its stage in the pipeline.' }),
  ),
  status: {
    ...always(
      choiceField(outcomes, { description: 'What its stage says.' }),
      Type.Unsafe<Outcome>({
        type: 'string',
        enum: [...outcomes],
        description: 'What its stage says.',
      }),
    ),
    derived: 'kept' as const,
    read: () => ({ kept: 'open', faults: [] }),
  },
  closed_at: instantField({
    description:
      'When it was won or lost; default the moment in which it enters such a stage. Null while it is open.',
    headers: ['closedat', 'closedon'],
  }),
  amount: decimalField(amountDigits, {
    description:
      'What it is worth, with as many digits after the point as the currency has. With `amount_source` `lines` their sum.',
    headers: ['value', 'dealvalue', 'betrag', 'wert'],
  }),
  amount_source: always(
    choiceField(['manual', 'lines'], {
      description:
        'Whether `amount` is set by hand or is the sum of the lines, rounded to the currency. Default `lines` for a ' +
        'deal that is created with lines and no amount, else `manual`.',
    }),
    Type.Unsafe<'manual' | 'lines'>({ type: 'string', enum: ['manual', 'lines'] }),
  ),
  currency: always(
    currencyField('Code of the currency in ISO 4217; default that of the configuration.'),
    Type.String({ minLength: 3, maxLength: 3, description: 'Code in ISO 4217.', examples: ['EUR'] }),
  ),
  probability: always(
    integerField(
      { minimum: 0, maximum: 100 },
      {
        description:
          'How likely it is won, percent; that of the stage unless it is set, and again after null.',
        headers: ['dealprobability', 'wahrscheinlichkeit'],
      },
    ),
    Type.Integer({ minimum: 0, maximum: 100, description: 'How likely it is won, percent.' }),
  ),
  probability_source: {
    ...always(
      choiceField(['stage', 'manual'], {
        description: 'Whether the probability is that of the stage or was set.',
      }),
      Type.Unsafe<'stage' | 'manual'>({ type: 'string', enum: ['stage', 'manual'] }),
    ),
    derived: 'kept' as const,
    read: () => ({ kept: 'stage', faults: [] }),
  },
  weighted_value: {
    ...decimalField(
      { whole: maxAmountDigits, fraction: maxMinorUnits + 2 },
      { description: 'Amount times probability, with every digit; null without an amount.' },
    ),
    derived: 'generated' as const,
  },
  expected_close_date: dateField({
    description: 'When it is expected to be won.',
    headers: ['closedate', 'expectedclosedate', 'expectedclose', 'abschlussdatum'],
  }),
  company_id: referenceField({ description: 'The company it is made with.' }),
  lines: linesField(),
  lines_total: {
    ...always(
      decimalField(
        { whole: maxAmountDigits, fraction: 18 },
        { description: 'Sum of the lines, with every digit.' },
      ),
      Type.String({ description: 'Sum of the lines, with every digit.', examples: ['231.01875'] }),
    ),
    derived: 'kept' as const,
    read: () => ({ kept: '0', faults: [] }),
  },
  product_ids: {
    schema: Type.Array(Id, { description: 'Products in its lines, each once.' }),
    input: Type.Optional(Type.Array(Id)),
    type: 'text[]',
    required: true,
    derived: 'kept',
    headers: [],
    read: () => ({ kept: [], faults: [] }),
  },
  ...ownerFields(),
  tags: tagsField(),
} as const;

/** Their values. */
export type DealFields = FieldsOf<typeof dealFields>;
