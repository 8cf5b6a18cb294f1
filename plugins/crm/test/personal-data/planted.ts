import { createId } from '@orchestrall/sdk';
import { received } from '../fixtures/greeter/received.ts';
import { eventually } from '../support.ts';
import type { Answer, CrmAppliance } from '../support.ts';

/** A person with personal texts behind every door of CRM. */
export interface PlantedPerson {
  readonly id: string;
  /** The contact that was merged into it. */
  readonly mergedId: string;
  readonly email: string;
  /** First and last name. */
  readonly name: string;
  /** Every text that was planted, by the door it went through. */
  readonly texts: ReadonlyMap<string, string>;
  /** Records of others that name the person. */
  readonly others: { readonly activity: string; readonly deal: string; readonly contact: string };
}

/** Words that nobody else has, made of letters so that a search learns them. */
function createWords(): (door: string) => string {
  let count = 0;
  return () => {
    count += 1;
    const letters = Array.from(String(count).padStart(3, '0'), (digit) => 'bcdfghjklm'.charAt(Number(digit)));
    return `zeph${letters.join('')}yra`;
  };
}

/** Plants a person through the API as its users would, and where no route leads, as the rooms of CRM store it. */
export async function plantPerson(crm: CrmAppliance): Promise<PlantedPerson> {
  const texts = new Map<string, string>();
  const word = createWords();
  const plant = (door: string): string => {
    const text = word(door);
    texts.set(door, text);
    return text;
  };
  const send = async (method: string, path: string, body?: object, headers?: Record<string, string>) => {
    const answer = await crm.send(method, path, {
      role: 'admin',
      body,
      ...(headers === undefined ? {} : { headers }),
    });
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer;
  };
  const field = async (fields: object) => send('POST', '/custom-fields', { object: 'contacts', ...fields });
  await field({ name: 'nickname', label: 'Nickname', type: 'text', searchable: true });
  await field({ name: 'home_page', label: 'Home page', type: 'url' });
  await field({ name: 'private_email', label: 'Private e-mail', type: 'email', unique: true });
  await field({ name: 'mobile', label: 'Mobile', type: 'phone' });

  const former = await send('POST', '/contacts', {
    first_name: plant('former first name'),
    last_name: plant('former last name'),
    email: `${plant('former e-mail')}@${plant('domain of the former e-mail')}.example`,
    phone: '+49 30 700 800 901',
    tags: [plant('former tag')],
    nickname: plant('former custom field'),
    home_page: `https://${plant('former custom url')}.example`,
    private_email: `${plant('former custom e-mail')}@home.example`,
  });
  texts.set('former phone', '700 800 901');
  const { id } = former.body;
  const email = `${plant('e-mail')}@${plant('domain of the e-mail')}.example`;
  const [first, last] = [plant('first name'), plant('last name')];
  texts.set('phone', '600 500 401');
  texts.set('custom phone', '151 2345 6789');
  await send('PATCH', `/contacts/${id}`, {
    first_name: first,
    last_name: last,
    email,
    phone: '+49 30 600 500 401',
    tags: [plant('tag')],
    nickname: plant('custom field'),
    home_page: `https://${plant('custom url')}.example`,
    private_email: `${plant('custom e-mail')}@home.example`,
    mobile: '+49 151 2345 6789',
  });
  const name = `${first} ${last}`;

  const copy = await send('POST', '/contacts', {
    first_name: plant('first name of a merged copy'),
    last_name: plant('last name of a merged copy'),
    email: `${plant('e-mail of a merged copy')}@copy.example`,
    nickname: plant('custom field of a merged copy'),
  });
  const kept = await send('GET', `/contacts/${id}`);
  await send(
    'POST',
    `/contacts/${id}/merge`,
    { other_id: copy.body.id, other_if_match: copy.headers.get('etag') },
    { 'if-match': kept.headers.get('etag') ?? '' },
  );
  const firm = (await send('POST', '/companies', { name: `${name} and sons`, phone: '+49 30 600500401' }))
    .body;
  const other = (
    await send('POST', '/contacts', { first_name: 'Someone', last_name: 'Else', email: 'other@kept.example' })
  ).body;
  const deal = (await send('POST', '/deals', { name: `Renewal with ${name}` })).body;
  await send('PUT', `/contacts/${id}/associations/company/${firm.id}`, { role: plant('former role') });
  await send('PUT', `/contacts/${id}/associations/company/${firm.id}`, {
    role: plant('role in an association'),
  });
  await send('PUT', `/contacts/${id}/associations/contact/${other.id}`, {
    role: plant('role beside a contact'),
  });
  await send('DELETE', `/contacts/${id}/associations/contact/${other.id}`);
  await send('PUT', `/deals/${deal.id}/associations/contact/${id}`, { role: plant('role in a deal') });

  const own = [{ kind: 'contact', id, role: plant('role in an activity') }];
  const activity = async (fields: object, headers?: Record<string, string>): Promise<Answer['body']> =>
    (await send('POST', '/activities', fields, headers)).body;
  await activity({ type: 'note', body: plant('note'), records: own });
  const call = await activity({
    type: 'call',
    subject: plant('subject of a call'),
    body: plant('former text'),
    records: own,
  });
  await send('PATCH', `/activities/${call.id}`, {
    body: plant('text of a call'),
    outcome: plant('outcome of a call'),
  });
  await activity({ type: 'task', subject: plant('task'), due_at: '2026-12-24T10:00:00Z', records: own });
  await activity({
    type: 'meeting',
    subject: plant('meeting'),
    tags: [plant('tag of a meeting')],
    records: own,
  });
  const gone = await activity({
    type: 'email',
    subject: plant('deleted e-mail'),
    body: plant('text of a deleted e-mail'),
    records: own,
  });
  await send('DELETE', `/activities/${gone.id}`);
  await activity(
    { type: 'note', body: plant('kept answer'), records: own },
    { 'idempotency-key': createId() },
  );
  const shared = await activity({
    type: 'note',
    body: `Lunch with ${name}, write to ${email.toUpperCase()}\nor call +493060 0500-401`,
    records: [...own, { kind: 'contact', id: other.id }],
  });
  await activity({
    type: 'note',
    body: `${name} recommended us`,
    records: [{ kind: 'company', id: firm.id }],
  });

  const lent = received.crm;
  if (lent === undefined) throw new Error('the greeter has no CRM');
  const by = { id: 'greeter', name: 'Greeter' };
  await lent.addTimelineEntry(
    {
      subject: { kind: 'contact', id },
      kind: 'invoice_sent',
      title: plant('title of another plugin'),
      text: plant('text of another plugin'),
      link: `https://invoices.example/${plant('link of another plugin')}`,
      key: 'one',
    },
    by,
  );
  await lent.addTimelineEntry(
    { subject: { kind: 'contact', id: other.id }, kind: 'seen_with', title: `With ${name}`, key: 'two' },
    by,
  );

  const list = (await send('POST', '/lists', { name: `Friends of ${name}`, kind: 'contact', type: 'static' }))
    .body;
  await send('POST', `/lists/${list.id}/members`, { add: [id, other.id] });
  await send('POST', '/lists', { name: 'By e-mail', kind: 'contact', type: 'dynamic', filter: { email } });
  await send('POST', '/views', {
    name: `About ${name}`,
    kind: 'contact',
    filter: { phone: '+49 30 600 500 401' },
  });
  await send('POST', '/products', { name: `Portrait of ${name}`, description: `Ask ${email}` });

  await plantImports(crm, plant, { email, first, last });
  await plantStored(crm, plant, { id, email, other: other.id });
  await exported(crm, id);
  await deadLetters(crm);
  return {
    id,
    mergedId: copy.body.id,
    email,
    name,
    texts,
    others: { activity: shared.id, deal: deal.id, contact: other.id },
  };
}

async function plantImports(
  crm: CrmAppliance,
  plant: (door: string) => string,
  { email, first, last }: { readonly email: string; readonly first: string; readonly last: string },
): Promise<void> {
  const refused = [
    'email,first_name,last_name,Hobby,nothing',
    `${email},${plant('cell beside the e-mail')},x,${plant('column that was left out')},y,too many cells`,
    `not a mail ${plant('reason of a refusal')},${first},${last},${plant('cell beside both names')},z`,
    'other@kept.example,Someone,Else,chess,z,too many cells',
  ];
  const { body } = await crm.send('POST', '/imports?object=contacts', { body: `${refused.join('\n')}\n` });
  await crm.importEnded(body.id);
  const waiting = `email,first_name,Hobby\n${email},${first},${plant('file of an import that waits')}\n`;
  await crm.send('POST', '/imports?object=contacts&start=false', { body: waiting });
  const tried = `email,first_name,Hobby\n${email},${first},${plant('file of a dry run')}\n`;
  const trial = await crm.send('POST', '/imports?object=contacts&dry_run=true', { body: tried });
  await eventually(async () => {
    const { body: now } = await crm.send('GET', `/imports/${trial.body.id}`);
    return now.status === 'checked' ? true : undefined;
  });
}

/** What the exchange with an outside system, bulk changes and a cut dry run leave, as they store it. */
async function plantStored(
  { database }: CrmAppliance,
  plant: (door: string) => string,
  { id, email, other }: { readonly id: string; readonly email: string; readonly other: string },
): Promise<void> {
  await database.query(
    `insert into sync_links (object, external_id, kind, local_id, stamp, base, kept)
     values ('Contact', '003A', 'contacts', $1, now(), $2, $3), ('Account', '001A', 'company', $4, now(), $5, '{}')`,
    [
      id,
      json({ Title: plant('base of a link') }),
      json({ Title: plant('kept of a link') }),
      createId(),
      json({ Description: `ask ${email}` }),
    ],
  );
  await database.query(
    `insert into sync_conflicts (object, external_id, local_id, field, reason, local, remote, base)
     values ('Contact', '003A', $1, 'title', 'both_changed', $2, $3, $4)`,
    [id, ...['local', 'remote', 'base'].map((side) => json({ value: plant(`${side} side of a conflict`) }))],
  );
  await database.query(
    `insert into sync_rejections (direction, object, record_id, field, reason) values ('pull', 'Contact', '003A', 'Title', $1)`,
    [`${plant('value that was not taken')} is too long`],
  );
  const [own, many] = [createId(), createId()];
  await database.query(
    `insert into bulk_changes (id, resource, action, request, patch, status, caller, job_id, finished_at)
     values ($1, 'contact', 'update', $2, $3, 'completed', '{}', $1, now()),
       ($4, 'contact', 'update', $5, '{"tags":["kept"]}', 'completed', '{}', $4, now())`,
    [
      own,
      json({ filter: { last_name: plant('filter of a bulk change') } }),
      json({ first_name: plant('patch of a bulk change') }),
      many,
      json({ filter: { or: [{ email }, { email: 'other@kept.example' }] } }),
    ],
  );
  await database.query(
    `insert into bulk_items (bulk_id, record_id, outcome, before, reason)
     values ($1, $2, 'changed', $3, null), ($4, $2, 'failed', null, $5), ($4, $6, 'changed', '{"tags":[]}', null)`,
    [
      own,
      id,
      json({ first_name: plant('before a bulk change') }),
      many,
      plant('reason of a bulk change'),
      other,
    ],
  );
}

function json(fields: object): string {
  return JSON.stringify(fields);
}

async function exported(crm: CrmAppliance, id: string): Promise<void> {
  const { status, body } = await crm.send('POST', `/contacts/${id}/personal-data-export`, { role: 'admin' });
  if (status !== 202) throw new Error(JSON.stringify(body));
  await eventually(async () => {
    const answer = await crm.send('GET', `/personal-data-exports/${body.id}`, { role: 'admin' });
    return answer.body.status === 'completed' ? true : undefined;
  });
}

async function deadLetters(crm: CrmAppliance): Promise<void> {
  await eventually(async () => {
    const { items } = await crm.appliance.appliance.rooms.bus.deadLetters.list({});
    return items.length > 0 ? true : undefined;
  });
}
