import type { Fault } from '@orchestrall/sdk';
import {
  Nullable,
  isObject,
  keepDecimal,
  keepText,
  kindOf,
  readText,
  referenceField,
  refused,
} from '@orchestrall/sdk/resources';
import type { Field, TextResult } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import { objectsColumn, readItems } from '../fields/list-of-objects.ts';
import { DealLine, DealLineInput, maxLineNameLength, maxLines } from './line.ts';

const Lines = Type.Array(DealLine, { description: 'What is sold, in order.' });
const Input = Type.Array(DealLineInput, {
  maxItems: maxLines,
  description: `What is sold, in order; up to ${maxLines} lines, replaced whole.`,
});

/**
 * The lines of a deal. Read as far as they can be without their products: a name or price that is still empty text is
 * the product's, and totals are zero until both are known.
 */
export function linesField() {
  return {
    schema: Lines,
    input: Type.Optional(Nullable(Input)),
    ...objectsColumn,
    read(given: unknown) {
      const { items, fault } = readItems(given, 'lines', maxLines);
      if (fault !== undefined) return refused([], fault);
      const lines = items.map((item, index) => readLine(item, `/${index}`));
      return { kept: lines.map(({ line }) => line), faults: lines.flatMap(({ faults }) => faults) };
    },
  } satisfies Field;
}

type Read = { readonly line: DealLine; readonly faults: readonly Fault[] };

const product = referenceField();
const members = new Set(Object.keys(DealLineInput.properties));
const blank: DealLine = {
  product_id: null,
  name: '',
  quantity: '1',
  unit_price: '',
  discount_percent: '0',
  total: '0',
};

function readLine(given: unknown, at: string): Read {
  if (!isObject(given))
    return { line: blank, faults: [{ path: at, message: `must be a line, is ${kindOf(given)}` }] };
  const faults: Fault[] = Object.keys(given)
    .filter((name) => !members.has(name))
    .map((name) => ({
      path: `${at}/${name}`,
      message: `is not part of a line; parts are ${[...members].join(', ')}`,
    }));
  const read = (
    name: keyof DealLine,
    reader: (value: unknown) => ReturnType<typeof readText>,
  ): string | null => {
    const { kept, faults: found } = reader(given[name]);
    for (const { path, message } of found) faults.push({ path: `${at}/${name}${path}`, message });
    return kept;
  };
  const line: DealLine = {
    product_id: read('product_id', product.read),
    name: read('name', texts) ?? '',
    quantity: read('quantity', numbers({ whole: 12, fraction: 6 })) ?? blank.quantity,
    unit_price: read('unit_price', numbers({ whole: 15, fraction: 6 })) ?? '',
    discount_percent: read('discount_percent', numbers({ whole: 3, fraction: 4 }, upToHundred)) ?? '0',
    total: blank.total,
  };
  if (faults.length === 0 && line.product_id === null) {
    for (const name of ['name', 'unit_price'] as const) {
      if (line[name] === '')
        faults.push({ path: `${at}/${name}`, message: 'must be given for a line without product_id' });
    }
  }
  return { line, faults };
}

const texts = (given: unknown) => readText(given, (text) => keepText(text, maxLineNameLength));

function numbers(
  digits: Parameters<typeof keepDecimal>[1],
  also: (text: string) => TextResult = (text) => ({ text }),
) {
  return (given: unknown) => readText(given, (text) => keepAmount(text, digits, also));
}

function keepAmount(
  given: string,
  digits: Parameters<typeof keepDecimal>[1],
  also: (text: string) => TextResult,
): TextResult {
  const kept: TextResult = keepDecimal(given, digits);
  if (kept.text === undefined) return kept;
  return kept.text.startsWith('-') ? { fault: 'must not be negative' } : also(kept.text);
}

/** Percent beyond a hundred would turn a price into a debt. */
function upToHundred(text: string): TextResult {
  return /^(\d{1,2}(\.\d+)?|100(\.0+)?)$/.test(text) ? { text } : { fault: 'must be from 0 to 100' };
}
