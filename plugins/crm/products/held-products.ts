import type { Transaction } from '@orchestrall/sdk';

/** A product that a line may name. */
export interface HeldProduct {
  readonly id: string;
  readonly name: string;
  readonly unit_price: string | null;
  readonly currency: string | null;
  readonly is_active: boolean;
}

/** Products that stay until the transaction ends. */
export interface HeldProducts {
  readonly byId: ReadonlyMap<string, HeldProduct>;
  /** Why a new line cannot name this product; undefined when it can. */
  faultOf(id: string): string | undefined;
}

/** Holds the products of these ids that there are. */
export async function holdProducts(tx: Transaction, ids: readonly string[]): Promise<HeldProducts> {
  const statement = `select id, name, unit_price, currency, is_active from products
    where id = any($1::uuid[]) order by id for key share`;
  const products = ids.length === 0 ? [] : await tx.query<HeldProduct>(statement, [[...new Set(ids)]]);
  const byId = new Map(products.map((product) => [product.id, product]));
  return {
    byId,
    faultOf(id) {
      const product = byId.get(id);
      if (product === undefined) return `must be the id of a product; no product has the id ${id}`;
      return product.is_active ? undefined : `must be a product that is sold; ${product.name} is not active`;
    },
  };
}
