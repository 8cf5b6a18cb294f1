import { setTimeout as pause } from 'node:timers/promises';
import type { KillReport, Promised } from './kill-scenario.ts';
import type { RunningAppliance } from './process.ts';

interface Contact {
  readonly id: string;
  readonly email: string;
  readonly version: number;
}

interface ContactEvent {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly data: { readonly contact: Contact };
}

interface Import {
  readonly id: string;
  readonly status: string;
  readonly finished_at: string | null;
  readonly rows_total: number;
  readonly rows_created: number;
  readonly rows_updated: number;
}

/** Waits until everything that was begun is done, then compares contacts, events, effects and imports. */
export async function takeStock(
  appliance: RunningAppliance,
  promised: Promised,
  rowsPerImport: number,
): Promise<KillReport> {
  const imports = await finishedImports(appliance);
  const contacts = await all<Contact>(appliance, '/api/v1/crm/contacts?limit=100');
  const events = await all<ContactEvent>(
    appliance,
    '/api/v1/system/events?pattern=contact.*&order=ascending&limit=1000',
  );
  const faults = [
    ...contactFaults(contacts, promised),
    ...eventFaults(contacts, events),
    ...importFaults(imports, contacts, promised, rowsPerImport),
    ...(await effectFaults(appliance, events.length)),
  ];
  return {
    acknowledgedContacts: promised.contacts.size,
    acknowledgedImports: promised.imports.size,
    contacts: contacts.length,
    events: events.length,
    faults,
  };
}

async function finishedImports(appliance: RunningAppliance): Promise<Import[]> {
  for (;;) {
    const imports = await all<Import>(appliance, '/api/v1/crm/imports?limit=100');
    if (imports.every(({ finished_at }) => finished_at !== null)) return imports;
    await pause(100);
  }
}

/** Every item of a list, over all its pages. */
async function all<Item>(appliance: RunningAppliance, path: string): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor = ''; ;) {
    const response = await appliance.request('GET', `${path}${cursor}`);
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    const page = (await response.json()) as { items: Item[]; next_cursor: string | null };
    items.push(...page.items);
    if (page.next_cursor === null) return items;
    cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`;
  }
}

function contactFaults(contacts: readonly Contact[], promised: Promised): string[] {
  const versions = new Map(contacts.map(({ id, version }) => [id, version]));
  const lost = [...promised.contacts].filter(([id, version]) => (versions.get(id) ?? 0) < version);
  return lost.map(([id, version]) => `contact ${id} was acknowledged at version ${version} and is lost`);
}

/** Each contact has exactly the events of its versions, in their order. */
function eventFaults(contacts: readonly Contact[], events: readonly ContactEvent[]): string[] {
  const seen = new Map<string, number[]>();
  for (const { subject, type, data } of events) {
    const { version } = data.contact;
    const matches = type === (version === 1 ? 'contact.created' : 'contact.updated');
    seen.set(subject, [...(seen.get(subject) ?? []), matches ? version : -version]);
  }
  const faults = contacts.flatMap(({ id, version }) => {
    const expected = Array.from({ length: version }, (_, index) => index + 1).join();
    const found = seen.get(id)?.join() ?? 'none';
    seen.delete(id);
    return found === expected ? [] : [`contact ${id} is at version ${version} and has the events ${found}`];
  });
  return [...faults, ...[...seen.keys()].map((id) => `events of ${id} speak of a contact that is not there`)];
}

function importFaults(
  imports: readonly Import[],
  contacts: readonly Contact[],
  promised: Promised,
  rows: number,
): string[] {
  const found = new Map(imports.map((each) => [each.id, each]));
  return [...promised.imports].flatMap(([id, domain]) => {
    const made = contacts.filter(({ email }) => email.endsWith(`@${domain}`)).map(({ email }) => email);
    const distinct = new Set(made).size;
    const counted = found.get(id);
    const complete =
      counted?.status === 'completed' &&
      counted.rows_total === rows &&
      counted.rows_created === rows &&
      counted.rows_updated === 0;
    return complete && made.length === rows && distinct === rows
      ? []
      : [`import ${id} of ${rows} rows made ${made.length} contacts: ${JSON.stringify(counted)}`];
  });
}

/** The subscriber has seen each event once, in order per contact; it may still be catching up. */
async function effectFaults(appliance: RunningAppliance, events: number): Promise<string[]> {
  for (;;) {
    const response = await appliance.request('GET', '/api/v1/ledger/summary');
    const { effects, doubled, reordered } = (await response.json()) as Record<string, number>;
    if (effects === undefined || doubled === undefined || reordered === undefined) return ['no summary'];
    if (effects - doubled >= events || doubled > 0) {
      return effects === events && doubled === 0 && reordered === 0
        ? []
        : [`${events} events had ${effects} effects, ${doubled} doubled, ${reordered} out of order`];
    }
    await pause(100);
  }
}
