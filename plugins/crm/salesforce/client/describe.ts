import Type from 'typebox';
import type { Static } from 'typebox';
import { soqlName } from './soql.ts';
import type { Transport } from './transport.ts';

const ListedObject = Type.Object({
  name: Type.String(),
  label: Type.String(),
  keyPrefix: Type.Union([Type.String(), Type.Null()]),
  custom: Type.Boolean(),
  queryable: Type.Boolean(),
});
/** An object as the list of objects tells it. */
export type ListedObject = Static<typeof ListedObject>;

const DescribedField = Type.Object({
  name: Type.String(),
  label: Type.String(),
  /** Such as `string`, `picklist`, `currency`, `reference`. */
  type: Type.String(),
  custom: Type.Boolean(),
  /** Longest text, characters; 0 where it does not apply. Numbers come as text, see `parseJson`. */
  length: Type.String(),
  precision: Type.String(),
  scale: Type.String(),
  nillable: Type.Boolean(),
  createable: Type.Boolean(),
  updateable: Type.Boolean(),
  externalId: Type.Boolean(),
  unique: Type.Boolean(),
  calculated: Type.Boolean(),
  compoundFieldName: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  referenceTo: Type.Array(Type.String()),
  picklistValues: Type.Array(Type.Object({ value: Type.String(), active: Type.Boolean() })),
});
/** A field as the describe of its object tells it. */
export type DescribedField = Static<typeof DescribedField>;

const DescribedObject = Type.Object({
  name: Type.String(),
  label: Type.String(),
  keyPrefix: Type.Union([Type.String(), Type.Null()]),
  queryable: Type.Boolean(),
  createable: Type.Boolean(),
  updateable: Type.Boolean(),
  replicateable: Type.Boolean(),
  fields: Type.Array(DescribedField),
});
/**
 * An object with its fields
 * (https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm).
 */
export type DescribedObject = Static<typeof DescribedObject>;

const ObjectList = Type.Object({ sobjects: Type.Array(ListedObject) });

/** Every object that the user may see. */
export async function listObjects(transport: Transport): Promise<readonly ListedObject[]> {
  return (await transport.json({ method: 'GET', path: '/sobjects' }, ObjectList)).sobjects;
}

/** One object with the fields that the user may see. Throws `SALESFORCE_REFUSED` when there is no such object. */
export async function describeObject(transport: Transport, object: string): Promise<DescribedObject> {
  return transport.json({ method: 'GET', path: `/sobjects/${soqlName(object)}/describe` }, DescribedObject);
}
