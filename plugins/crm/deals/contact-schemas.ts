import { Nullable, textField } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';
import { Contact } from '../contacts/schemas.ts';
import { maxRoleLength } from '../associations/schemas.ts';
import { Deal } from './schemas.ts';

const role = Nullable(
  Type.String({ description: 'What the contact is in the deal.', examples: ['decision maker'] }),
);

/** A contact of a deal. */
export const DealContact = Type.Object({ contact: Contact, role }, { title: 'DealContact' });
export type DealContact = Static<typeof DealContact>;

/** A deal of a contact. */
export const ContactDeal = Type.Object({ deal: Deal, role }, { title: 'ContactDeal' });
export type ContactDeal = Static<typeof ContactDeal>;

/** What a contact is added to a deal with. */
export const DealContactInput = Type.Object(
  { role: textField(maxRoleLength, { description: 'What the contact is in the deal.' }).input },
  { title: 'DealContactInput', additionalProperties: false },
);
