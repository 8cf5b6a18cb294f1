import { Id, bookkeeping, inputsOf, schemasOf } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';
import { maxRecordsPerRequest } from '../records/request-bound.ts';
import { QueryFaults } from '../sharing/schemas.ts';
import { listFields } from './fields.ts';

/** Most ids of one change of members. */
const maxIds = 1_000;

/** A list of contacts, companies or other records, as it is kept and told in events. */
export const List = Type.Object({ id: Id, ...schemasOf(listFields), ...bookkeeping }, { title: 'List' });
export type List = Static<typeof List>;

/** A list as it is answered. */
export const AnsweredList = Type.Object(
  { id: Id, ...schemasOf(listFields), ...QueryFaults, ...bookkeeping },
  { title: 'List' },
);

/** What a list is created with. */
export const ListInput = Type.Object(inputsOf(listFields), {
  title: 'ListInput',
  additionalProperties: false,
});

const ids = (description: string) =>
  Type.Optional(Type.Array(Id, { maxItems: maxIds, uniqueItems: true, description }));

/** Members that come and go. */
export const MemberChange = Type.Object(
  {
    add: ids('Records to add; those that are members already stay.'),
    remove: ids('Records to take away; those that are no members are left alone.'),
    add_filter: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: `Adds all records of a filter that the caller sees, up to ${maxRecordsPerRequest}.`,
      }),
    ),
  },
  { title: 'MemberChange', additionalProperties: false },
);
export type MemberChange = Static<typeof MemberChange>;

/** What came of it. */
export const MembersChanged = Type.Object(
  {
    added: Type.Integer({ minimum: 0 }),
    removed: Type.Integer({ minimum: 0 }),
    unknown: Type.Array(Id, { description: 'Ids to add that are no records, or none that the caller sees.' }),
  },
  { title: 'MembersChanged' },
);
export type MembersChanged = Static<typeof MembersChanged>;
