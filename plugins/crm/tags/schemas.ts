import { pageParameters } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';
import { maxTagLength } from '../fields/tag.ts';

/** A tag in use. */
export const TagCount = Type.Object(
  {
    name: Type.String({ description: 'Lower case, single spaces.' }),
    contacts: Type.Integer({ minimum: 0, description: 'Contacts that carry it.' }),
    companies: Type.Integer({ minimum: 0, description: 'Companies that carry it.' }),
    deals: Type.Integer({ minimum: 0, description: 'Deals that carry it.' }),
    activities: Type.Integer({ minimum: 0, description: 'Activities that carry it.' }),
  },
  { title: 'TagCount' },
);
export type TagCount = Static<typeof TagCount>;

/** What a tag is renamed with. */
export const TagRename = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: maxTagLength, description: 'The new name.' }) },
  { title: 'TagRename', additionalProperties: false },
);

/** Query of the list of tags. */
export const TagQuery = Type.Object(pageParameters);
