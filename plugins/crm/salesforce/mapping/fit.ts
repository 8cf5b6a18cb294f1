import type { FieldType, TargetField } from '../../provider.ts';
import type { DescribedField } from '../client/describe.ts';
import type { Words } from './defaults.ts';

/** Whether values of a field fit ours: all of them, some of them cut or refused, or none. */
export interface Fit {
  readonly fits: 'whole' | 'partly' | 'not';
  /** What is lost or why nothing fits; absent when all fits. */
  readonly note?: string;
}

const texts: readonly FieldType[] = ['text'];
const numbers: readonly FieldType[] = ['decimal', 'integer', 'text'];

/**
 * Which of our types can hold a type of Salesforce
 * (https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/field_types.htm).
 */
const holders: Readonly<Record<string, readonly FieldType[]>> = {
  string: ['text', 'url', 'email', 'phone', 'domain', 'choice'],
  textarea: texts,
  encryptedstring: texts,
  combobox: ['text', 'choice'],
  picklist: ['choice', 'text'],
  multipicklist: ['multi_choice', 'text'],
  boolean: ['boolean', 'text'],
  int: ['integer', 'decimal', 'text'],
  double: numbers,
  currency: numbers,
  percent: numbers,
  date: ['date', 'date_time', 'text'],
  datetime: ['date_time', 'date', 'text'],
  time: texts,
  email: ['email', 'text'],
  phone: ['phone', 'text'],
  url: ['url', 'text', 'domain'],
  id: texts,
  reference: ['reference'],
};

const impossible: Readonly<Record<string, string>> = {
  address: 'a compound of other fields, which are taken one by one',
  location: 'a compound of other fields, which are taken one by one',
  base64: 'a file, which queries do not give',
  anyType: 'without a type of its own',
  complexvalue: 'without a form that queries give',
};

/** Whether, and with what loss, values of a field of Salesforce fit a field of ours; `words` where those differ. */
export function fitOf(field: DescribedField, target: TargetField, words?: Words): Fit {
  const why = impossibility(field);
  if (why !== undefined) return { fits: 'not', note: why };
  if (target.type === 'user') return fitOfOwner(field);
  if (words !== undefined) return { fits: 'partly', note: toldWords(words) };
  if (holders[field.type]?.includes(target.type) !== true) {
    return { fits: 'not', note: `${field.type} does not fit ${target.type}` };
  }
  const length = Number(field.length);
  if (target.maxLength !== undefined && length > target.maxLength) {
    const what = target.type === 'text' ? 'longer texts are cut' : 'longer values are refused';
    return { fits: 'partly', note: `up to ${length} characters there, ${target.maxLength} here; ${what}` };
  }
  const scale = target.type === 'integer' ? 0 : target.scale;
  if (
    ['double', 'currency', 'percent'].includes(field.type) &&
    scale !== undefined &&
    Number(field.scale) > scale
  ) {
    return { fits: 'partly', note: `${field.scale} digits after the point there, ${scale} here` };
  }
  if (field.type === 'datetime' && target.type === 'date')
    return { fits: 'partly', note: 'the time of day is cut' };
  return fitOfChoices(field, target);
}

function fitOfOwner({ type, referenceTo }: DescribedField): Fit {
  if (type !== 'reference' || !referenceTo.includes('User')) {
    return { fits: 'not', note: `${type} names no user` };
  }
  return { fits: 'partly', note: 'users that nobody here is, by user name and e-mail, are left out' };
}

function toldWords({ take, otherwise }: Words): string {
  const told = Object.entries(take).map(([theirs, ours]) => `${theirs} is ${ours} here`);
  return `${told.join(', ')}; all others are ${otherwise}`;
}

function fitOfChoices(field: DescribedField, { type, choices }: TargetField): Fit {
  if (field.type === 'string' && type !== 'text') {
    return { fits: 'partly', note: `texts that are no ${type} are refused` };
  }
  if (field.type === 'url' && type === 'domain')
    return { fits: 'partly', note: 'addresses with a path are refused' };
  if (choices === undefined || (type !== 'choice' && type !== 'multi_choice')) return { fits: 'whole' };
  const unknown = field.picklistValues.filter(({ value, active }) => active && !choices.includes(value));
  if (unknown.length === 0) return { fits: 'whole' };
  const named = unknown.slice(0, 5).map(({ value }) => value);
  return { fits: 'partly', note: `${unknown.length} choices there are none here: ${named.join(', ')}` };
}

/** Why a field can never be taken; undefined when it can. */
export function impossibility(field: DescribedField): string | undefined {
  return impossible[field.type];
}

const customTypes: Readonly<Record<string, FieldType>> = {
  picklist: 'choice',
  multipicklist: 'multi_choice',
  boolean: 'boolean',
  int: 'integer',
  double: 'decimal',
  currency: 'decimal',
  percent: 'decimal',
  date: 'date',
  datetime: 'date_time',
  email: 'email',
  phone: 'phone',
  url: 'url',
};

/** A custom field of ours that would hold a field of Salesforce. */
export function proposeField(field: DescribedField): TargetField {
  const name = field.name
    .replace(/__c$/, '')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/_+/g, '_')
    .replace(/^_/, '')
    .toLowerCase();
  const type = customTypes[field.type] ?? 'text';
  const choices = field.picklistValues.filter(({ active }) => active).map(({ value }) => value);
  const length = Number(field.length);
  return {
    name: name.slice(0, 60).replace(/_+$/, ''),
    type,
    ...(type === 'text' && length > 0 ? { maxLength: length } : {}),
    ...(type === 'decimal' ? { scale: Number(field.scale) } : {}),
    ...(type === 'choice' || type === 'multi_choice' ? { choices } : {}),
  };
}
