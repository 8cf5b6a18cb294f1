/** Where an object goes unless an administrator says otherwise. */
export interface DefaultMapping {
  readonly kind: string;
  /** Names there and names here to look for, the first that the kind has; one field there may fill several here. */
  readonly fields: readonly (readonly [remote: string, ...local: string[]])[];
  /** Values that every record of the object has here. */
  readonly constants?: Readonly<Record<string, string>>;
  /** By field there: choices that are other words here. */
  readonly words?: Readonly<Record<string, Words>>;
}

/** Choices there in our words, and back. */
export interface Words {
  /** Ours by theirs; others are `otherwise`. */
  readonly take: Readonly<Record<string, string>>;
  readonly otherwise: string;
  /** Theirs by ours. */
  readonly give: Readonly<Record<string, string>>;
}

const owner = ['OwnerId', 'owner_id'] as const;

/**
 * The objects that are mapped by themselves, those that others refer to first. Fields that the organisation or our kind
 * does not have are left out (https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_list.htm).
 */
export const defaultMappings: Readonly<Record<string, DefaultMapping>> = {
  Account: {
    kind: 'companies',
    fields: [
      ['Name', 'name'],
      ['ParentId', 'parent_id'],
      ['Phone', 'phone'],
      ['Website', 'website'],
      ['Industry', 'industry'],
      ['NumberOfEmployees', 'employees', 'number_of_employees'],
      ['AnnualRevenue', 'annual_revenue'],
      ['Description', 'description'],
      ['BillingStreet', 'street', 'address_street'],
      ['BillingCity', 'city', 'address_city'],
      ['BillingPostalCode', 'postal_code', 'address_postal_code'],
      ['BillingCountry', 'country', 'address_country'],
      owner,
    ],
  },
  Contact: {
    kind: 'contacts',
    fields: [
      ['FirstName', 'first_name'],
      ['LastName', 'last_name'],
      ['Email', 'email'],
      ['Phone', 'phone'],
      ['MobilePhone', 'mobile_phone', 'mobile'],
      ['AccountId', 'company_id'],
      ['Title', 'job_title', 'title'],
      ['Department', 'department'],
      ['Description', 'description'],
      ['MailingStreet', 'street', 'address_street'],
      ['MailingCity', 'city', 'address_city'],
      ['MailingPostalCode', 'postal_code', 'address_postal_code'],
      ['MailingCountry', 'country', 'address_country'],
      owner,
    ],
  },
  Opportunity: {
    kind: 'deals',
    fields: [
      ['Name', 'name', 'title'],
      ['AccountId', 'company_id'],
      ['Amount', 'amount'],
      ['CurrencyIsoCode', 'currency'],
      ['StageName', 'stage'],
      ['Probability', 'probability'],
      ['CloseDate', 'close_date', 'expected_close_date'],
      ['Description', 'description'],
      owner,
    ],
  },
  Task: {
    kind: 'activities',
    constants: { type: 'task' },
    fields: [
      ['Subject', 'subject', 'title'],
      ['Description', 'description', 'text', 'body'],
      ['ActivityDate', 'due_on', 'due_date', 'due_at'],
      ['Status', 'status'],
      ['Priority', 'priority'],
      ['WhoId', 'contact_id'],
      owner,
    ],
    // https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_task.htm
    words: {
      Status: {
        take: { Completed: 'done', Deferred: 'cancelled' },
        otherwise: 'open',
        give: { open: 'Not Started', done: 'Completed', cancelled: 'Deferred' },
      },
    },
  },
  Event: {
    kind: 'activities',
    constants: { type: 'meeting' },
    fields: [
      ['Subject', 'subject', 'title'],
      ['Description', 'description', 'text', 'body'],
      ['StartDateTime', 'starts_at', 'due_at'],
      ['EndDateTime', 'ends_at'],
      ['Location', 'location'],
      ['WhoId', 'contact_id'],
      owner,
    ],
  },
};

/** `WhatId` of tasks and events refers to an account or an opportunity: each goes to a field of its own here. */
export const relatedTo: readonly (readonly [object: string, local: string])[] = [
  ['Account', 'company_id'],
  ['Opportunity', 'deal_id'],
];
