import type { CountryCode } from 'libphonenumber-js';
import type { ContactFields } from '../../contacts/fields.ts';
import { mailboxOf } from './mailbox.ts';
import { createMatcher } from './matcher.ts';
import type { MatchKey, Matcher } from './matcher.ts';
import { comparePersons, personWords } from './person-name.ts';
import { phoneNumberOf } from './phone-number.ts';
import type { ReasonName } from './reasons.ts';
import { soundOf, wordsOf } from './transliterate.ts';

interface Traits {
  readonly mailbox: string | undefined;
  readonly phone: string | undefined;
  readonly words: readonly string[];
  readonly family: string | undefined;
  readonly company: string | null;
}

/** The matcher of contacts; phone numbers without a country's code are those of `region`. */
export function createContactMatcher(region: CountryCode | undefined): Matcher<ContactFields> {
  return createMatcher<ContactFields, Traits>({
    kind: 'contact',
    fields: ['email', 'phone', 'first_name', 'last_name', 'company_id'],
    traitsOf: ({ email, phone, first_name, last_name, company_id }) => ({
      mailbox: email === null ? undefined : mailboxOf(email),
      phone: phone === null ? undefined : phoneNumberOf(phone, region),
      words: personWords(first_name, last_name),
      family: last_name === null ? undefined : wordsOf(last_name).at(-1),
      company: company_id,
    }),
    keysOf,
    compare,
  });
}

function keysOf({ mailbox, phone, words, family, company }: Traits): MatchKey[] {
  const keys: MatchKey[] = [];
  if (mailbox !== undefined) keys.push({ text: `email ${mailbox}` });
  if (phone !== undefined) keys.push({ text: `phone ${phone}` });
  if (words.length > 1) keys.push({ text: `name ${words.map(soundOf).toSorted().join(' ')}`, common: true });
  if (company !== null && family !== undefined) keys.push({ text: `family ${company} ${soundOf(family)}` });
  return keys;
}

function compare(left: Traits, right: Traits): ReasonName[] {
  const reasons: ReasonName[] = [];
  if (left.mailbox !== undefined && left.mailbox === right.mailbox) reasons.push('same_email');
  if (left.phone !== undefined && left.phone === right.phone) reasons.push('same_phone');
  const likeness = comparePersons(left.words, right.words);
  if (likeness !== undefined) reasons.push(`${likeness}_name`);
  const alike = likeness === 'same' || likeness === 'similar';
  // Colleagues are no duplicates.
  if (alike && left.company !== null && left.company === right.company) reasons.push('same_company');
  return reasons;
}
