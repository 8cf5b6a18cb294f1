import { isId, validationFailed } from '@orchestrall/sdk';
import type { Fault } from '@orchestrall/sdk';
import { instantField, keepText, optionalText, textField } from '@orchestrall/sdk/resources';
import { subjectTypes } from '../records/kind.ts';
import type { SubjectType } from '../records/kind.ts';

/** A record in whose timeline an entry stands. */
export interface TimelineSubject {
  readonly kind: SubjectType;
  readonly id: string;
}

/** What a plugin shows in a record's timeline. */
export interface TimelineContribution {
  readonly subject: TimelineSubject;
  /** What it is: lower case and `_`, such as `invoice_sent`; up to 50 characters, none of CRM's own. */
  readonly kind: string;
  /** In a line; up to 300 characters. */
  readonly title: string;
  /** Up to 10,000 characters. */
  readonly text?: string | null;
  /** Where more of it is shown: an address, or a path of this appliance; up to 2,000 characters. */
  readonly link?: string | null;
  /** RFC 3339; default now. */
  readonly occurred_at?: string | null;
  /** The plugin's own name for it, 1 to 200 characters: with one key a record has one entry of a plugin. */
  readonly key: string;
}

/** A contribution, checked. */
export interface KeptContribution {
  readonly subject: TimelineSubject;
  readonly kind: string;
  readonly title: string;
  readonly text: string | null;
  readonly link: string | null;
  readonly occurred_at: string | null;
  readonly key: string;
}

/** Kinds of entries that only CRM makes. */
const reserved = new Set(['created', 'changed', 'merged', 'activity', 'stage_changed']);

const described = { description: '' };
const fields = {
  kind: optionalText(50, described, (given) => {
    const { text, fault } = keepText(given, 50);
    if (text === undefined) return { fault };
    if (reserved.has(text)) return { fault: `must not be ${text}, which is a kind of CRM's own` };
    if (/^[a-z][a-z0-9_]*$/.test(text)) return { text };
    return { fault: 'must be lower case letters, digits and _, such as invoice_sent' };
  }),
  title: textField(300, described),
  text: textField(10_000, described),
  link: optionalText(2_000, described, (given) => {
    const { text, fault } = keepText(given, 2_000);
    if (text === undefined) return { fault };
    const scheme = URL.parse(text)?.protocol;
    if (/^\/(?![/\\])/.test(text) || scheme === 'http:' || scheme === 'https:') return { text };
    return { fault: 'must be an address such as https://example.com, or a path such as /invoices/5' };
  }),
  occurred_at: instantField(described),
  key: textField(200, described),
};

/** Checks what a plugin contributes; throws `VALIDATION_FAILED` with every fault. */
export function requireContribution(given: TimelineContribution): KeptContribution {
  const faults: Fault[] = [];
  const read = (name: keyof typeof fields): string | null => {
    const { kept, faults: found } = fields[name].read(given[name]);
    for (const { path, message } of found) faults.push({ path: `/${name}${path}`, message });
    return kept;
  };
  const required = (name: 'kind' | 'title' | 'key'): string => {
    const before = faults.length;
    const text = read(name);
    if (text === null && faults.length === before)
      faults.push({ path: `/${name}`, message: 'must be given' });
    return text ?? '';
  };
  const contribution = {
    subject: requireSubject(given.subject, faults),
    kind: required('kind'),
    title: required('title'),
    text: read('text'),
    link: read('link'),
    occurred_at: read('occurred_at'),
    key: required('key'),
  };
  if (faults.length > 0) throw validationFailed(faults);
  return contribution;
}

function requireSubject({ kind, id }: TimelineSubject, faults: Fault[]): TimelineSubject {
  if (!subjectTypes.includes(kind))
    faults.push({ path: '/subject/kind', message: `must be one of ${subjectTypes.join(', ')}` });
  if (!isId(id)) faults.push({ path: '/subject/id', message: 'must be the id of a record' });
  return { kind, id: id.toLowerCase() };
}
