import { Id, bookkeeping, inputsOf, schemasOf } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import { QueryFaults } from '../sharing/schemas.ts';
import { viewFields } from './fields.ts';

/** A saved view of a kind of records, as it is kept and told in events. */
export const SavedView = Type.Object(
  { id: Id, ...schemasOf(viewFields), ...bookkeeping },
  { title: 'SavedView' },
);

/** A saved view as it is answered. */
export const AnsweredView = Type.Object(
  {
    id: Id,
    ...schemasOf(viewFields),
    default: Type.Boolean({ description: 'Whether the caller begins with it among the views of its kind.' }),
    ...QueryFaults,
    ...bookkeeping,
  },
  { title: 'SavedView' },
);

/** What a saved view is created with. */
export const ViewInput = Type.Object(inputsOf(viewFields), {
  title: 'SavedViewInput',
  additionalProperties: false,
});
