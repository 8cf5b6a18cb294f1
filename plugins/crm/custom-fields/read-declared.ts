import type { Fault } from '@orchestrall/sdk';
import { foldCase, keepText } from '@orchestrall/sdk/resources';
import type { Checked, FieldSet } from '@orchestrall/sdk/resources';
import { buildField, compareValues } from './build-field.ts';
import type { Declared } from './build-field.ts';
import { defaultDigits, defaultLongTextLength, maxTextLength, maxUrlLength } from './limits.ts';
import { faultOfName, labelOf } from './names.ts';
import { compilePattern } from './pattern/match.ts';
import { PatternFault } from './pattern/syntax.ts';
import type { CustomFieldInput, Option } from './schemas.ts';
import { customTypes, rulesOf } from './types.ts';
import type { SettingName, TypeRules } from './types.ts';

const maxLabelLength = 100;
const maxDescriptionLength = 500;

/** Reads what a custom field is declared with; all faults at once, each with what would be right. */
export function readDeclared(
  input: CustomFieldInput,
  builtIn: FieldSet,
  position: number,
): Checked<Declared> {
  const faults: Fault[] = [];
  const fault = (path: string, message: string): void => void faults.push({ path: `/${path}`, message });
  const rules = rulesOf(input.type);
  const nameFault = faultOfName(input.name, builtIn);
  if (nameFault !== undefined) fault('name', nameFault);
  for (const { path, message } of faultsOfFlags(input, rules)) fault(path, message);
  for (const { path, message } of faultsOfSettings(input, rules)) fault(path, message);
  const fields: Declared = {
    object: input.object,
    name: input.name,
    label: keptText(input.label, 'label', maxLabelLength, fault) ?? labelOf(input.name),
    description: keptText(input.description, 'description', maxDescriptionLength, fault),
    type: input.type,
    required: input.required ?? false,
    unique: input.unique ?? false,
    indexed: input.indexed ?? false,
    searchable: input.searchable ?? false,
    default: null,
    minimum: null,
    maximum: null,
    min_length: input.min_length ?? null,
    max_length: lengthOf(input),
    pattern: input.pattern ?? null,
    digits: input.type === 'decimal' ? (input.digits ?? defaultDigits) : null,
    options:
      input.options?.map(({ value, label = value, retired = false }) => ({ value, label, retired })) ?? null,
    references: input.references ?? null,
    position: input.position ?? position,
  };
  if (faults.length > 0) return { fields, faults };
  const bounded = readBounds(fields, input, fault);
  return { fields: readDefault(bounded, input.default, fault), faults };
}

type Report = (path: string, message: string) => void;

function* faultsOfFlags(
  input: CustomFieldInput,
  { unique, searchable, indexable }: TypeRules,
): Generator<Fault> {
  if (input.unique === true && !unique)
    yield {
      path: 'unique',
      message: `does not go with ${input.type}; it does with ${fitting((rules) => rules.unique)}`,
    };
  if (input.unique === true && (lengthOf(input) ?? 0) > maxTextLength)
    yield {
      path: 'unique',
      message: `needs a max_length of at most ${maxTextLength}: longer values are compared in part`,
    };
  if (input.searchable === true && !searchable)
    yield {
      path: 'searchable',
      message: `does not go with ${input.type}; it does with ${fitting((rules) => rules.searchable)}`,
    };
  if (input.indexed === true && !indexable)
    yield {
      path: 'indexed',
      message: `does not go with ${input.type}, by which lists are neither filtered nor sorted`,
    };
}

/** The types whose rules allow something. */
function fitting(allows: (rules: TypeRules) => boolean): string {
  return customTypes.filter((type) => isType(type) && allows(rulesOf(type))).join(', ');
}

const settingNames: readonly SettingName[] = [
  'minimum',
  'maximum',
  'min_length',
  'max_length',
  'pattern',
  'digits',
  'options',
  'references',
];

function* faultsOfSettings(input: CustomFieldInput, rules: TypeRules): Generator<Fault> {
  const { type, options, references, min_length, pattern } = input;
  for (const name of settingNames) {
    const given = input[name] !== undefined && input[name] !== null;
    if (given && !rules.settings.includes(name)) {
      const known = rules.settings.length === 0 ? 'nothing of the kind does' : rules.settings.join(', ');
      yield { path: name, message: `does not go with ${type}; what does: ${known}` };
    }
  }
  const length = lengthOf(input);
  const longest = type === 'url' ? maxUrlLength : type === 'text' ? maxTextLength : undefined;
  if (longest !== undefined && length !== null && length > longest)
    yield {
      path: 'max_length',
      message: `must be at most ${longest} for ${type}${type === 'text' ? '; long_text takes more' : ''}`,
    };
  if (typeof min_length === 'number' && length !== null && min_length > length)
    yield { path: 'min_length', message: `must be at most max_length, which is ${length}` };
  if (typeof pattern === 'string') {
    const message = faultOfPattern(pattern);
    if (message !== undefined) yield { path: 'pattern', message };
  }
  if (rules.settings.includes('options')) yield* faultsOfOptions(options ?? []);
  if (rules.settings.includes('references') && (references ?? null) === null)
    yield { path: 'references', message: 'must be the kind of record that is referred to' };
}

function* faultsOfOptions(options: readonly Partial<Option>[]): Generator<Fault> {
  if (options.length === 0) yield { path: 'options', message: 'must hold at least one option' };
  const seen = new Map<string, number>();
  for (const [index, { value = '', label = value }] of options.entries()) {
    const path = `options/${index}`;
    const kept = keepText(value, 100);
    if (kept.text !== value)
      yield { path: `${path}/value`, message: kept.fault ?? 'must have no white space at its ends' };
    if (/[,;]/.test(value))
      yield {
        path: `${path}/value`,
        message: 'must not hold a comma or a semicolon, which separate values in files; say it in the label',
      };
    const folded = foldCase(value);
    const before = seen.get(folded);
    if (before !== undefined)
      yield { path: `${path}/value`, message: `is that of option ${before} in another spelling` };
    seen.set(folded, index);
    const keptLabel = keepText(label, 100);
    if (keptLabel.fault !== undefined) yield { path: `${path}/label`, message: keptLabel.fault };
  }
}

function faultOfPattern(pattern: string): string | undefined {
  try {
    compilePattern(pattern);
    return undefined;
  } catch (error) {
    if (error instanceof PatternFault) return error.message;
    throw error;
  }
}

/** Longest value, characters; null for types that have none of their own. */
function lengthOf({ type, max_length }: Pick<CustomFieldInput, 'type' | 'max_length'>): number | null {
  if (!rulesOf(type).settings.includes('max_length')) return null;
  return max_length ?? (type === 'long_text' ? defaultLongTextLength : maxTextLength);
}

/** The bounds in the form in which values are kept. */
function readBounds(fields: Declared, { minimum, maximum }: CustomFieldInput, fault: Report): Declared {
  const field = buildField({ ...fields, required: false });
  const read = (name: 'minimum' | 'maximum', given: string | number | null | undefined): string | null => {
    // A number is taken for what it is written as.
    const { kept, faults } = field.read(typeof given === 'number' ? String(given) : given);
    for (const { message } of faults) fault(name, message);
    return typeof kept === 'string' || typeof kept === 'number' ? String(kept) : null;
  };
  const least = read('minimum', minimum);
  const most = read('maximum', maximum);
  if (least !== null && most !== null && compareValues(fields.type, least, most) > 0)
    fault('minimum', `must be at most the maximum, which is ${most}`);
  return { ...fields, minimum: least, maximum: most };
}

/** The default in the form in which it is kept. */
function readDefault(fields: Declared, given: unknown, fault: Report): Declared {
  if (given === undefined || given === null) return fields;
  if (fields.unique) {
    fault('default', 'does not go with unique: the second record would already have the value of the first');
    return fields;
  }
  if (fields.type === 'reference') {
    fault('default', 'does not go with reference: the record may be deleted');
    return fields;
  }
  const { kept, faults } = buildField({ ...fields, required: false }).read(given);
  for (const { path, message } of faults) fault(`default${path}`, message);
  const retired = new Set(fields.options?.flatMap((option) => (option.retired ? [option.value] : [])));
  const values = Array.isArray(kept) ? kept : [kept];
  if (values.some((value) => retired.has(String(value))))
    fault('default', 'must not be an option that is retired');
  return { ...fields, default: kept };
}

function keptText(
  given: string | null | undefined,
  path: string,
  maxLength: number,
  fault: Report,
): string | null {
  if (given === undefined || given === null) return null;
  const kept = keepText(given, maxLength);
  if (kept.text === undefined) fault(path, kept.fault);
  return kept.text ?? null;
}

function isType(type: string): type is CustomFieldInput['type'] {
  return customTypes.includes(type);
}
