import type { FieldType, FieldValue, TargetField } from '../../provider.ts';
import { readInstant } from '../client/query.ts';
import type { Taken } from '../../sync/plan.ts';
import { decimalText } from './decimal.ts';

/**
 * Takes a value of Salesforce, text, boolean or null, into a field of ours. Texts that are too long are cut and told;
 * a value that the field cannot hold is a fault.
 */
export function takeValue(target: TargetField, given: FieldValue): Taken {
  // Neither PostgreSQL nor JSON holds U+0000 and half surrogate pairs.
  const value = typeof given === 'string' ? given.toWellFormed().replaceAll('\u0000', '').trim() : given;
  if (value === null || value === '') return { value: null };
  const taken = takeOf(target, value);
  const fault = 'value' in taken ? target.faultOf?.(taken.value) : undefined;
  return fault === undefined ? taken : { fault: `it ${fault}` };
}

function takeOf(target: TargetField, value: FieldValue): Taken {
  if (typeof value === 'boolean') return takeBoolean(target, value);
  if (typeof value !== 'string') return { fault: 'it is neither text nor a truth value' };
  return takers[target.type](value, target);
}

type Taker = (value: string, target: TargetField) => Taken;

const takeText: Taker = (value, { maxLength }) => {
  const text = value.normalize('NFC');
  if (maxLength === undefined || text.length <= maxLength) return { value: text };
  const cut = `it has ${text.length} characters, of which ${maxLength} fit`;
  return { value: text.slice(0, maxLength).toWellFormed().trimEnd(), cut };
};

const takers: Readonly<Record<FieldType, Taker>> = {
  text: takeText,
  // Salesforce keeps addresses as they were typed, often without a scheme.
  url: (value, target) =>
    whole(takeText(/^[a-z][a-z\d+.-]*:/i.test(value) ? value : `https://${value}`, target)),
  email: (value, target) =>
    /^[^\s@,;<>"]+@[^\s@,;<>"]+$/u.test(value)
      ? whole(takeText(value, target))
      : { fault: 'it is not one e-mail address' },
  phone: (value, target) => whole(takeText(value, target)),
  domain: (value, target) => whole(takeText(value, target)),
  boolean: (value) =>
    value === 'true' || value === 'false' ? { value: value === 'true' } : { fault: 'it is no truth value' },
  integer: (value) => {
    const text = decimalText(value, 0);
    if (text === undefined) return { fault: 'it is no number' };
    const number = Number(text.text);
    if (!Number.isSafeInteger(number)) return { fault: 'it is too large for a whole number' };
    return text.isCut ? { value: number, cut: 'its digits after the point do not fit' } : { value: number };
  },
  decimal: (value, { scale }) => {
    const text = decimalText(value, scale);
    if (text === undefined) return { fault: 'it is no number' };
    if (!text.isCut) return { value: text.text };
    return { value: text.text, cut: `it has more than ${scale} digits after the point` };
  },
  date: (value) => {
    const [day = ''] = value.split('T');
    return /^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(Date.parse(day))
      ? { value: day }
      : { fault: 'it is no date' };
  },
  // A day is taken as its beginning.
  date_time: (value) => {
    const instant = readInstant(/^\d{4}-\d{2}-\d{2}$/.test(value) ? `${value}T00:00:00.000Z` : value);
    return instant === undefined ? { fault: 'it is no instant' } : { value: instant };
  },
  choice: (value, { choices }) =>
    choices === undefined || choices.includes(value)
      ? { value }
      : { fault: `it is none of the choices ${choices.slice(0, 20).join(', ')}` },
  // https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/field_types.htm
  multi_choice: (value, { choices }) => {
    const items = value.split(';').filter((item) => item !== '');
    const unknown = items.filter((item) => choices !== undefined && !choices.includes(item));
    if (unknown.length === 0) return { value: items };
    return { fault: `${unknown.slice(0, 5).join(', ')} is none of the choices` };
  },
  reference: () => ({ fault: 'a reference is looked up, not taken' }),
  user: () => ({ fault: 'a user is looked up, not taken' }),
};

function takeBoolean({ type }: TargetField, value: boolean): Taken {
  if (type === 'boolean') return { value };
  return type === 'text' ? { value: String(value) } : { fault: 'it is a truth value' };
}

/** An address that is cut is none. */
function whole(taken: Taken): Taken {
  return 'cut' in taken && taken.cut !== undefined ? { fault: taken.cut } : taken;
}

/** Brings a value of ours into the form that Salesforce's JSON takes for a field of this type. */
export function giveValue(type: string, value: FieldValue): FieldValue {
  if (value === null || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.join(';');
  if (type === 'date' && typeof value === 'string') return value.slice(0, 10);
  // Salesforce reads numbers in texts, and a double would round an amount of eighteen digits.
  if (['currency', 'double', 'percent', 'int'].includes(type)) return String(value);
  return typeof value === 'number' ? String(value) : value;
}
