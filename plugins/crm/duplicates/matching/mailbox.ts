import { foldCase } from '@orchestrall/sdk/resources';

/** How the spellings of one mailbox differ with a provider. */
interface Provider {
  /** The domain that stands for all of the provider's. */
  readonly domain: string;
  /** Characters before the `@` that make no difference. */
  readonly ignored?: RegExp;
  /** Where a suffix begins that makes no difference; default `+`. */
  readonly suffix?: string;
}

const google: Provider = { domain: 'gmail.com', ignored: /\./g };
const apple: Provider = { domain: 'icloud.com' };
const proton: Provider = { domain: 'proton.me', ignored: /[._-]/g };

// As the providers' own help pages say; of others nothing is known, and each spelling is a mailbox of its own.
const providers = new Map<string, Provider>([
  ['gmail.com', google],
  ['googlemail.com', google],
  ['icloud.com', apple],
  ['me.com', apple],
  ['mac.com', apple],
  ['proton.me', proton],
  ['protonmail.com', proton],
  ['pm.me', proton],
  ['outlook.com', { domain: 'outlook.com' }],
  ['hotmail.com', { domain: 'hotmail.com' }],
  ['live.com', { domain: 'live.com' }],
  ['fastmail.com', { domain: 'fastmail.com' }],
  ['yahoo.com', { domain: 'yahoo.com', suffix: '-' }],
]);

/**
 * The mailbox that an e-mail address reaches, where its provider is known to have several spellings for one: without
 * the dots and suffixes that the provider ignores. Undefined for other providers: there no two contacts have one address.
 */
export function mailboxOf(email: string): string | undefined {
  const folded = foldCase(email);
  const at = folded.lastIndexOf('@');
  const provider = providers.get(folded.slice(at + 1));
  if (provider === undefined) return undefined;
  const { domain, ignored, suffix = '+' } = provider;
  const [named = ''] = folded.slice(0, at).split(suffix);
  const local = ignored === undefined ? named : named.replaceAll(ignored, '');
  return local === '' ? undefined : `${local}@${domain}`;
}
