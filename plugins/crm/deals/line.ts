import { Id, Nullable } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';

/** Most lines of a deal. */
export const maxLines = 200;

/** Longest name of a line, characters. */
export const maxLineNameLength = 300;

const decimal = (description: string, examples: readonly string[]) =>
  Type.String({ description, examples: [...examples] });

const product = Nullable(
  Type.String({ ...Id, description: 'The product that is sold, if it is a known one.' }),
);
const quantity = decimal('How many; up to 6 digits after the point.', ['2.5']);
const unitPrice = decimal('Price of one, in the currency of the deal; up to 6 digits after the point.', [
  '99.90',
]);
const discount = decimal('Taken off the price, percent; up to 4 digits after the point.', ['7.5']);
const total = decimal('Quantity times price less discount, with every digit.', ['231.01875']);

/** Something that is sold with a deal. */
export const DealLine = Type.Object(
  {
    product_id: product,
    name: Type.String({ minLength: 1, maxLength: maxLineNameLength }),
    quantity,
    unit_price: unitPrice,
    discount_percent: discount,
    total,
  },
  { title: 'DealLine' },
);
export type DealLine = Static<typeof DealLine>;

/** What a line is given as. */
export const DealLineInput = Type.Object(
  {
    product_id: Type.Optional(product),
    name: Type.Optional(
      Nullable(
        Type.String({
          maxLength: maxLineNameLength,
          description: 'What is sold; default the name of the product.',
        }),
      ),
    ),
    quantity: Type.Optional(Nullable(Type.String({ description: 'How many; default 1.' }))),
    unit_price: Type.Optional(
      Nullable(
        Type.String({ description: 'Price of one; default that of the product, in the same currency.' }),
      ),
    ),
    discount_percent: Type.Optional(Nullable(Type.String({ description: 'Percent; default 0.' }))),
    total: Type.Optional(Type.String({ description: 'Found out anew, whatever is sent.' })),
  },
  { title: 'DealLineInput', additionalProperties: false },
);
