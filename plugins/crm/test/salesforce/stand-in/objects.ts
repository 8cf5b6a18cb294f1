/** A field as the describe of its object tells it. */
export interface StandInField {
  readonly name: string;
  readonly type: string;
  readonly length?: number;
  readonly precision?: number;
  readonly scale?: number;
  readonly required?: boolean;
  readonly readOnly?: boolean;
  readonly referenceTo?: readonly string[];
  readonly values?: readonly string[];
  readonly externalId?: boolean;
}

/** An object of the stand-in's organisation. */
export interface StandInObject {
  readonly name: string;
  readonly prefix: string;
  readonly fields: readonly StandInField[];
}

const text = (name: string, length: number, more: Partial<StandInField> = {}): StandInField => ({
  name,
  type: 'string',
  length,
  ...more,
});
const reference = (name: string, ...referenceTo: string[]): StandInField => ({
  name,
  type: 'reference',
  length: 18,
  referenceTo,
});
const key: StandInField = { name: 'Orchestrall_Id__c', type: 'string', length: 36, externalId: true };
const system: readonly StandInField[] = [
  { name: 'Id', type: 'id', length: 18, readOnly: true },
  { name: 'IsDeleted', type: 'boolean', readOnly: true },
  { name: 'CreatedDate', type: 'datetime', readOnly: true },
  { name: 'LastModifiedDate', type: 'datetime', readOnly: true },
  { name: 'SystemModstamp', type: 'datetime', readOnly: true },
];
const compound = (name: string): StandInField => ({ name, type: 'address', readOnly: true });

/**
 * The standard objects with some of their fields, types and lengths as the object reference tells them
 * (https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_list.htm),
 * and custom fields as an administrator would add them.
 */
export const standInObjects: readonly StandInObject[] = [
  {
    name: 'User',
    prefix: '005',
    fields: [
      ...system,
      text('Name', 121, { readOnly: true }),
      text('LastName', 80, { required: true }),
      text('Email', 128),
      text('Username', 80),
      { name: 'IsActive', type: 'boolean' },
    ],
  },
  {
    name: 'Account',
    prefix: '001',
    fields: [
      ...system,
      text('Name', 255, { required: true }),
      reference('ParentId', 'Account'),
      reference('OwnerId', 'User'),
      { name: 'Phone', type: 'phone', length: 40 },
      { name: 'Website', type: 'url', length: 255 },
      { name: 'Industry', type: 'picklist', length: 255, values: ['Energy', 'Media', 'Retail'] },
      { name: 'AnnualRevenue', type: 'currency', precision: 18, scale: 0 },
      { name: 'NumberOfEmployees', type: 'int' },
      { name: 'Description', type: 'textarea', length: 32_000 },
      compound('BillingAddress'),
      { name: 'Regions__c', type: 'multipicklist', length: 4_099, values: ['North', 'South'] },
      key,
    ],
  },
  {
    name: 'Contact',
    prefix: '003',
    fields: [
      ...system,
      text('FirstName', 40),
      text('LastName', 80, { required: true }),
      { name: 'Email', type: 'email', length: 80 },
      { name: 'Phone', type: 'phone', length: 40 },
      text('Title', 128),
      reference('AccountId', 'Account'),
      reference('OwnerId', 'User'),
      { name: 'Birthdate', type: 'date' },
      { name: 'VIP__c', type: 'boolean' },
      key,
    ],
  },
  {
    name: 'Opportunity',
    prefix: '006',
    fields: [
      ...system,
      text('Name', 120, { required: true }),
      reference('AccountId', 'Account'),
      reference('OwnerId', 'User'),
      { name: 'Amount', type: 'currency', precision: 18, scale: 2 },
      {
        name: 'StageName',
        type: 'picklist',
        length: 255,
        values: ['Prospecting', 'Closed Won'],
        required: true,
      },
      { name: 'Probability', type: 'percent', precision: 3, scale: 0 },
      { name: 'CloseDate', type: 'date', required: true },
      key,
    ],
  },
  {
    name: 'Task',
    prefix: '00T',
    fields: [
      ...system,
      { name: 'Subject', type: 'combobox', length: 255 },
      { name: 'Description', type: 'textarea', length: 32_000 },
      { name: 'ActivityDate', type: 'date' },
      { name: 'Status', type: 'picklist', length: 255, values: ['Not Started', 'Completed'] },
      reference('WhoId', 'Contact', 'Lead'),
      reference('OwnerId', 'User'),
      reference('WhatId', 'Account', 'Opportunity'),
    ],
  },
  {
    name: 'Event',
    prefix: '00U',
    fields: [
      ...system,
      { name: 'Subject', type: 'combobox', length: 255 },
      { name: 'Description', type: 'textarea', length: 32_000 },
      { name: 'StartDateTime', type: 'datetime' },
      { name: 'EndDateTime', type: 'datetime' },
      text('Location', 255),
      reference('WhoId', 'Contact', 'Lead'),
      reference('OwnerId', 'User'),
      reference('WhatId', 'Account', 'Opportunity'),
    ],
  },
];

/** The entry of an object in the list of objects. */
export function listed({ name, prefix }: StandInObject): object {
  return { name, label: name, keyPrefix: prefix, custom: name.endsWith('__c'), queryable: true };
}

/** The describe of an object. */
export function described(object: StandInObject): object {
  const able = { createable: true, updateable: true, replicateable: true };
  return { ...listed(object), ...able, fields: object.fields.map(describedField) };
}

function describedField(field: StandInField): object {
  const {
    name,
    type,
    length = 0,
    precision = 0,
    scale = 0,
    required,
    readOnly,
    referenceTo,
    values,
    externalId,
  } = field;
  return {
    name,
    label: name.replace(/__c$/, ''),
    type,
    custom: name.endsWith('__c'),
    length,
    precision,
    scale,
    nillable: required !== true,
    createable: readOnly !== true,
    updateable: readOnly !== true,
    externalId: externalId === true,
    unique: externalId === true,
    calculated: false,
    compoundFieldName: null,
    referenceTo: referenceTo ?? [],
    picklistValues: (values ?? []).map((value) => ({ value, active: true })),
  };
}
