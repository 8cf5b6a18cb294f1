import { recordKinds } from '../../kinds.ts';
import type { KindName, RecordKind, TableName } from '../../records/kind.ts';

/** What a record of a kind is made with for the matrix. */
export interface Sample {
  /** The fields, with the mark in one and the secret in another. */
  readonly fields: (mark: string, secret: string) => Readonly<Record<string, unknown>>;
  /** The field that has the mark; it is searched and it sorts. */
  readonly marked: string;
  /** The field that has the secret, which rules hide. */
  readonly hidden: string;
  /** The key of imports whose field has the secret; absent for kinds that have none. */
  readonly key?: string;
  /** A field that rules make read-only, and a value for it. */
  readonly readOnly: readonly [field: string, value: unknown];
  /** Fields that name records of other kinds, each by their kind. */
  readonly references: Readonly<Record<string, KindName>>;
}

/** Of all contacts and companies, so that any two may be one. */
const phone = '+49 30 1234567';

/** One for each kind: a new kind does not compile, and fails the first test, until it stands here. */
export const samples: Readonly<Record<TableName, Sample>> = {
  contacts: {
    fields: (mark, secret) => ({ first_name: mark, email: `${secret}@matrix.example`, phone }),
    marked: 'first_name',
    hidden: 'email',
    key: 'email',
    readOnly: ['last_name', 'Written'],
    references: { company_id: 'company' },
  },
  companies: {
    fields: (mark, secret) => ({ name: mark, domain: `${secret}.example`, phone }),
    marked: 'name',
    hidden: 'domain',
    key: 'domain',
    readOnly: ['website', 'https://matrix.example'],
    references: { parent_id: 'company' },
  },
  deals: {
    fields: (mark, secret) => ({ name: mark, external_id: secret, amount: '100', currency: 'EUR' }),
    marked: 'name',
    hidden: 'external_id',
    key: 'external_id',
    readOnly: ['amount', '7.00'],
    references: { company_id: 'company' },
  },
  activities: {
    fields: (mark, secret) => ({ type: 'call', subject: mark, outcome: secret }),
    marked: 'subject',
    hidden: 'outcome',
    readOnly: ['direction', 'inbound'],
    references: {},
  },
};

/** Every kind that the plugin has. */
export const allKinds: readonly RecordKind[] = Object.values(recordKinds);
