import { validationFailed } from '@orchestrall/sdk';
import type { Transaction } from '@orchestrall/sdk';
import {
  booleanField,
  decimalField,
  defineTable,
  requiredTextField,
  textField,
} from '@orchestrall/sdk/resources';
import type { TableChange } from '@orchestrall/sdk/resources';
import { crmError } from '../errors.ts';
import { foldName } from '../fields/folded.ts';
import { currencyField } from '../money/currency.ts';
import { countDealsWithProduct } from './in-use.ts';

/** Something that lines of deals may name: a plain resource, by the SDK's conventions. */
export const products = defineTable({
  name: 'product',
  plural: 'products',
  path: '/api/v1/crm/products',
  table: 'products',
  requireMatch: true,
  fields: {
    name: requiredTextField(300, 'a product has a name', {
      description: 'What it is called.',
      folded: { column: 'name_key', fold: foldName },
    }),
    code: textField(100, { description: 'Number in the catalogue; no two products have the same one.' }),
    description: textField(2_000, { description: 'What it is.', filterable: false, sortable: false }),
    unit_price: decimalField({ whole: 15, fraction: 6 }, { description: 'Price of one.' }),
    currency: currencyField('Currency of the price by its code in ISO 4217; needed where there is a price.'),
    is_active: active(),
  },
  allow: allowProduct,
  notes: { delete: 'Refused with 409 while a deal has it in its lines. Emits `product.deleted`.' },
});

function active() {
  const field = booleanField({ description: 'Whether new lines may name it; default true.' });
  const read = (given: unknown) => field.read(given ?? true);
  return { ...field, required: true, read };
}

async function allowProduct(tx: Transaction, { before, after }: TableChange): Promise<void> {
  if (after === undefined) {
    const id = before?.id ?? '';
    const deals = await countDealsWithProduct(tx, id);
    if (deals > 0) throw crmError('PRODUCT_IN_USE', { id, deals });
    return;
  }
  const { code, unit_price: price, currency } = after;
  if (typeof price === 'string' && price.startsWith('-')) {
    throw validationFailed([{ path: '/unit_price', message: 'must not be negative' }]);
  }
  if (typeof price === 'string' && currency === null) {
    throw validationFailed([{ path: '/currency', message: 'must be given with a price' }]);
  }
  if (typeof code !== 'string' || code === before?.['code']) return;
  const [holder] = await tx.query<{ id: string }>('select id from products where code = $1', [code]);
  if (holder !== undefined) throw crmError('PRODUCT_CODE_TAKEN', { code, id: holder.id });
}
