import {
  booleanField,
  choiceField,
  dateField,
  decimalField,
  emailField,
  foldCase,
  instantField,
  integerField,
  longTextField,
  multiChoiceField,
  phoneField,
  readText,
  referenceField,
  textField,
  toldChoices,
  websiteField,
} from '@orchestrall/sdk/resources';
import type { Field } from '@orchestrall/sdk/resources';
import type { Declared } from './build-field.ts';
import { defaultDigits, defaultLongTextLength, maxTextLength } from './limits.ts';
import type { Option } from './schemas.ts';

/** The field of a type, before what holds of custom fields alike. */
export function baseField(declared: Declared, description: string): Field {
  const described = { description };
  switch (declared.type) {
    case 'text':
      return textField(declared.max_length ?? maxTextLength, described);
    case 'long_text':
      return longTextField(declared.max_length ?? defaultLongTextLength, described);
    case 'integer':
      return integerField({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }, described);
    case 'decimal':
      return decimalField(declared.digits ?? defaultDigits, described);
    case 'boolean':
      return booleanField(described);
    case 'date':
      return dateField(described);
    case 'date_time':
      return instantField(described);
    case 'choice':
      return customChoice(declared.options ?? [], description);
    case 'multi_choice':
      return customChoices(declared.options ?? [], description);
    case 'reference':
      return referenceField(described);
    case 'url':
      return limitedUrl(declared.max_length ?? maxTextLength, description);
    case 'email':
      return emailField(described);
    default:
      return phoneField(described);
  }
}

/** A choice whose files may hold labels, in any spelling of case. */
function customChoice(options: readonly Option[], description: string): Field {
  const values = options.map(({ value }) => value);
  const find = finderOf(options);
  const fault = `must be one of ${toldChoices(given(options))}`;
  return {
    ...choiceField(values, { description }),
    read: (value) =>
      readText(value, (text) => {
        const found = find(text.trim());
        return found === undefined ? { fault } : { text: found };
      }),
  };
}

function customChoices(options: readonly Option[], description: string): Field {
  const find = finderOf(options);
  const fault = `must be one of ${toldChoices(given(options))}`;
  const field = multiChoiceField(
    options.map(({ value }) => value),
    { description },
    find,
  );
  return {
    ...field,
    read(value) {
      const { kept, faults } = field.read(value);
      return {
        kept,
        faults: faults.map(({ path, message }) => ({ path, message: path === '' ? message : fault })),
      };
    },
  };
}

/** The options that further records may be given. */
function given(options: readonly Option[]): string[] {
  return options.filter(({ retired }) => !retired).map(({ value }) => value);
}

/** Finds an option by its value, else by its value or label in another spelling of case. */
function finderOf(options: readonly Option[]): (text: string) => string | undefined {
  const values = new Set(options.map(({ value }) => value));
  const folded = new Map<string, string>();
  for (const { label, value } of options) folded.set(foldCase(label), value);
  for (const { value } of options) folded.set(foldCase(value), value);
  return (text) => (values.has(text) ? text : folded.get(foldCase(text)));
}

function limitedUrl(maxLength: number, description: string): Field {
  const field = websiteField({ description });
  return {
    ...field,
    schema: { ...field.schema, maxLength },
    read(value) {
      const read = field.read(value);
      const { kept } = read;
      if (typeof kept !== 'string' || kept.length <= maxLength) return read;
      const message = `must be at most ${maxLength} characters, has ${kept.length}; shorten it`;
      return { kept: null, faults: [{ path: '', message }] };
    },
  };
}
