import type { Fault } from '@orchestrall/sdk';
import type { ActivityFields } from './fields.ts';
import type { ActivityType } from './type-field.ts';

/** Fields that belong to some types of activities alone. */
const typesOf = {
  due_at: ['task'],
  status: ['task'],
  done_at: ['task'],
  direction: ['call', 'email'],
  outcome: ['call', 'meeting'],
} as const satisfies Partial<Record<keyof ActivityFields, readonly ActivityType[]>>;

/** What the fields of an activity must be together, beside what each must be alone. */
export function* faultsOf(fields: ActivityFields): Generator<Fault> {
  const { type, subject, body, starts_at, ends_at } = fields;
  if (type === 'note' && body === null) yield { path: '/body', message: 'must be given; a note has a text' };
  if ((subject ?? body) === null) yield { path: '', message: 'must hold a subject or a body' };
  const owned: [keyof typeof typesOf, readonly ActivityType[]][] = [
    ['due_at', typesOf.due_at],
    ['status', typesOf.status],
    ['done_at', typesOf.done_at],
    ['direction', typesOf.direction],
    ['outcome', typesOf.outcome],
  ];
  for (const [name, types] of owned) {
    if (fields[name] === null || types.includes(type)) continue;
    yield { path: `/${name}`, message: `must be left out of a ${type}; it is for a ${types.join(' or ')}` };
  }
  if (ends_at === null) return;
  if (starts_at === null) yield { path: '/ends_at', message: 'must come with starts_at' };
  // Instants are kept in one form, so their texts follow each other as they do.
  else if (ends_at < starts_at) yield { path: '/ends_at', message: 'must not be before starts_at' };
}
