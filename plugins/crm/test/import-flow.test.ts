import type { Event } from '@orchestrall/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeText } from '../csv/test-encodings.ts';
import { eventually, startCrm } from './support.ts';
import type { CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm({ import_batch_rows: 3 });
});
afterAll(() => crm[Symbol.asyncDispose]());

async function upload(body: string | Uint8Array, query: string) {
  const { status, body: started } = await crm.send('POST', `/imports?${query}`, { body });
  expect(status, JSON.stringify(started)).toBe(202);
  return started;
}

const importFile = async (body: string | Uint8Array, query = 'object=contacts') =>
  crm.importEnded((await upload(body, query)).id);
const errorsOf = async (id: string): Promise<string> => (await crm.send('GET', `/imports/${id}/errors`)).body;
const previewOf = async (id: string) => (await crm.send('GET', `/imports/${id}/preview`)).body;

async function byEmail(email: string) {
  const { body } = await crm.send('GET', `/contacts?q=${encodeURIComponent(email)}`);
  return body.items[0];
}

async function companiesNamed(name: string) {
  const { body } = await crm.send('GET', `/companies?q=${encodeURIComponent(name)}`);
  return body.items;
}

/** The import once its dry run is over. */
const checked = (id: string) =>
  eventually(async () => {
    const { body } = await crm.send('GET', `/imports/${id}`);
    return body.status === 'checking' ? undefined : body;
  });

async function dryRun(body: string, query: string) {
  const { id } = await upload(body, `${query}&dry_run=true`);
  return checked(id);
}

/** The first cells of the list of refused rows. */
const linesOf = (errors: string) => errors.split('\r\n').map((line) => line.split(',')[0]);

const countsOf = ({ rows_total, rows_created, rows_updated, rows_failed }: Record<string, unknown>) => ({
  rows_total,
  rows_created,
  rows_updated,
  rows_failed,
});

describe('a file is read as it is written', () => {
  test.each([
    ['utf-8', ';', 'semicolon'],
    ['utf-16le', '\t', 'tab'],
    ['utf-16be', ',', 'comma'],
    ['windows-1252', '|', 'pipe'],
  ] as const)('%s with %j', async (encoding, separator, delimiter) => {
    const rows = Array.from({ length: 10 }, (_, index) => [
      `Zoë "${index}"`,
      `${encoding}${index}@enc.example`,
    ]);
    const lines = [['First Name', 'E-Mail'], ...rows, ['Größe', 'no mail – at all']];
    const text = lines.map((cells) => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(separator));
    const ended = await importFile(encodeText(`${text.join('\r\n')}\r\n`, encoding));
    expect(ended).toMatchObject({
      status: 'completed',
      rows_created: 10,
      rows_failed: 1,
      format: { encoding, delimiter, quote: 'double', line_end: 'crlf', byte_order_mark: false },
    });
    expect(await byEmail(`${encoding}7@enc.example`)).toMatchObject({ first_name: 'Zoë "7"' });
    expect(await errorsOf(ended.id)).toContain('12,email must be one e-mail address');
    expect(await errorsOf(ended.id)).toContain('Größe,no mail – at all');
  });

  test('what is said comes before what would be detected', async () => {
    const file = 'email;note,first_name\nsaid@enc.example;a,b\n';
    const { id } = await upload(file, 'object=contacts&start=false&delimiter=comma');
    expect((await previewOf(id)).columns).toMatchObject([
      { name: 'email;note' },
      { name: 'first_name', target: 'first_name' },
    ]);
    await crm.send('PATCH', `/imports/${id}`, { body: { delimiter: 'semicolon' } });
    expect((await previewOf(id)).columns).toMatchObject([
      { name: 'email', target: 'email' },
      { name: 'note,first_name', target: null },
    ]);
    const broken = await crm.send('PATCH', `/imports/${id}`, { body: { encoding: 'utf-16le' } });
    expect(broken.body.code).toBe('VALIDATION_FAILED');
    expect((await crm.send('POST', '/imports?object=contacts&delimiter=dot', { body: 'x' })).status).toBe(
      400,
    );
  });
});

test('an import waits, is looked at, mapped, tried out and started', async () => {
  await crm.create('contacts', { first_name: 'Kept', email: 'known@flow.example' });
  const file = [
    'Vorname;Kundenmail;Firma;Notiz',
    'Ada;ada@flow.example;Flow One;x',
    'New;KNOWN@flow.example;;y',
    'Bad;nobody;;z',
    'Ada2;ada@flow.example;;',
  ].join('\n');
  const uploaded = await upload(file, 'object=contacts&start=false');
  const { id } = uploaded;
  expect(uploaded).toMatchObject({ status: 'uploaded', mapping: {}, missing_references: 'create' });
  expect(await previewOf(id)).toMatchObject({
    format: { delimiter: 'semicolon' },
    columns: [
      { place: 1, name: 'Vorname', target: 'first_name', reason: 'other_name' },
      { place: 2, name: 'Kundenmail', target: null, reason: null },
      { place: 3, name: 'Firma', target: null },
      { place: 4, name: 'Notiz', target: null },
    ],
    unmapped_columns: ['Kundenmail', 'Firma', 'Notiz'],
    targets: expect.arrayContaining(['email', 'company_id.name', 'company_id.domain']),
    faults: ['line 1: the key column email is missing; add it or choose another key'],
  });

  const wrong = await crm.send('PATCH', `/imports/${id}`, { body: { mapping: { Kundenmail: 'mail' } } });
  expect(wrong.body.faults).toEqual([
    { path: '/body/mapping/Kundenmail', message: expect.stringContaining('must be null or one of') },
  ]);
  const mapping = { Kundenmail: 'email', '#3': 'company_id.name', notiz: null };
  const patched = await crm.send('PATCH', `/imports/${id}`, { body: { mapping } });
  expect(patched.body).toMatchObject({ status: 'uploaded', mapping });
  expect(await previewOf(id)).toMatchObject({
    columns: [{}, { target: 'email', reason: 'mapping' }, { target: 'company_id.name' }, { target: null }],
    rows: [
      {
        line: 2,
        fields: { first_name: 'Ada', email: 'ada@flow.example' },
        references: { company_id: { name: 'Flow One' } },
        faults: [],
      },
      { line: 3 },
      { line: 4, faults: [expect.stringContaining('email must be one e-mail address')] },
      { line: 5 },
    ],
    faults: [],
  });

  const trial = await crm.send('POST', `/imports/${id}/start?dry_run=true`);
  expect(trial).toMatchObject({ status: 202, body: { status: 'checking' } });
  const tried = await checked(id);
  const counts = { rows_total: 4, rows_created: 1, rows_updated: 2, rows_failed: 1 };
  expect(tried).toMatchObject({ status: 'checked', reason: null, finished_at: null, ...counts });
  const refused = await errorsOf(id);
  expect(refused).toContain('4,email must be one e-mail address');
  expect(await byEmail('ada@flow.example')).toBeUndefined();
  expect(await companiesNamed('Flow')).toEqual([]);
  expect(await byEmail('known@flow.example')).toMatchObject({ first_name: 'Kept', version: 1 });
  expect(await crm.events(id, 1)).toMatchObject([{ type: 'import.checked', data: counts }]);

  expect((await crm.send('POST', `/imports/${id}/start`)).status).toBe(202);
  const ended = await crm.importEnded(id);
  expect(ended).toMatchObject({ status: 'completed', ...counts, ignored_columns: ['Notiz'] });
  expect(await errorsOf(id)).toBe(refused);
  const [company] = await companiesNamed('Flow');
  expect(await byEmail('ada@flow.example')).toMatchObject({ first_name: 'Ada2', company_id: company.id });
  expect(await crm.database.query('select 1 from import_trials')).toEqual([]);
  for (const [method, path] of [
    ['GET', 'preview'],
    ['POST', 'start'],
  ] as const)
    expect((await crm.send(method, `/imports/${id}/${path}`)).body.code).toBe('IMPORT_ENDED');
});

test('an upload, or a start, that is repeated under its key is done once', async () => {
  const headers = { 'content-type': 'text/csv', 'idempotency-key': 'upload-1' };
  const file = 'email\nonce@key.example\n';
  const [first, again] = [
    await crm.send('POST', '/imports?object=contacts&start=false', { body: file, headers }),
    await crm.send('POST', '/imports?object=contacts&start=false', { body: file, headers }),
  ];
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect(again.body).toEqual(first.body);
  expect(again.headers.get('location')).toBe(first.headers.get('location'));
  for (const replayed of [null, 'true']) {
    const key = { 'idempotency-key': 'start-1' };
    const started = await crm.send('POST', `/imports/${first.body.id}/start`, { headers: key });
    expect(started).toMatchObject({ status: 202, body: { status: 'queued' } });
    expect(started.headers.get('idempotency-replayed')).toBe(replayed);
  }
  expect(await crm.importEnded(first.body.id)).toMatchObject({ rows_created: 1 });
});

test('a dry run whose file cannot be imported says why, and the import waits on', async () => {
  const { id } = await upload('Mailbox\na@dry.example\n', 'object=contacts&dry_run=true');
  expect(await checked(id)).toMatchObject({
    status: 'uploaded',
    reason: expect.stringMatching(/^line 1: no column is known/),
  });
  await crm.send('PATCH', `/imports/${id}`, { body: { mapping: { Mailbox: 'email' } } });
  await crm.send('POST', `/imports/${id}/start`);
  expect(await crm.importEnded(id)).toMatchObject({ status: 'completed', reason: null, rows_created: 1 });
});

test.each([
  [
    'object=companies&key=name',
    [
      'name,domain,phone,website',
      'Alpha,alpha.honest.example,,',
      'Beta,beta.honest.example,,',
      'Gamma,,123,',
      'Alpha,,456,',
      'Delta,ALPHA.honest.example,,',
      'ÀLPHA,,,https://alpha.honest.example',
      'Gamma,beta.honest.example,,',
      'Gamma,gamma.honest.example,,',
      'Epsilon,gamma.honest.example,,',
      'Zeta,not a domain,,',
    ],
  ],
  [
    'object=companies',
    [
      'domain,name,phone',
      'one.honest2.example,One,',
      'two.honest2.example,,1',
      'x.honest2.example,X,',
      'y.honest2.example,Y,',
      'one.honest2.example,,12345',
    ],
  ],
  [
    'object=contacts&missing_references=fail',
    [
      'email,company_id.name',
      'a@honest3.example,Nowhere',
      'b@honest3.example,',
      'c@honest3.example,',
      'd@honest3.example,',
      'b@honest3.example,Nowhere',
      'B@honest3.example,',
    ],
  ],
])('a dry run of %s says what the import then does', async (query, lines) => {
  const file = `${lines.join('\n')}\n`;
  const tried = await dryRun(file, query);
  const refused = await errorsOf(tried.id);
  await crm.send('POST', `/imports/${tried.id}/start`);
  const ended = await crm.importEnded(tried.id);
  expect(countsOf(tried)).toEqual(countsOf(ended));
  expect(tried.rows_failed).toBeGreaterThan(0);
  expect(linesOf(refused)).toEqual(linesOf(await errorsOf(tried.id)));
});

/** Contacts of a company that is there and of one that is not. */
const fileOf = (tag: string) =>
  [
    'email,Company',
    `1@${tag}.example,${tag} Known`,
    `2@${tag}.example,${tag} new`,
    `3@${tag}.example,${tag} NEW`,
  ].join('\n');

describe('a record that a row names by a key', () => {
  const mapping = encodeURIComponent(JSON.stringify({ Company: 'company_id.name' }));

  test('is found in any spelling, and made once where it is missing', async () => {
    const known = await crm.create('companies', { name: 'made known' });
    const ended = await importFile(fileOf('made'), `object=contacts&mapping=${mapping}`);
    expect(ended).toMatchObject({ rows_created: 3, missing_references: 'create' });
    expect((await byEmail('1@made.example')).company_id).toBe(known.id);
    const [made, ...others] = (await companiesNamed('made')).filter(
      ({ id }: { id: string }) => id !== known.id,
    );
    expect(others).toEqual([]);
    expect(made).toMatchObject({ name: 'made new' });
    expect((await byEmail('3@made.example')).company_id).toBe(made.id);
  });

  test('is left out, or refused, where that is wanted', async () => {
    const empty = await importFile(
      fileOf('left'),
      `object=contacts&mapping=${mapping}&missing_references=leave_empty`,
    );
    expect(empty).toMatchObject({ rows_created: 3 });
    expect((await byEmail('1@left.example')).company_id).toBeNull();
    const failed = await importFile(
      fileOf('no'),
      `object=contacts&mapping=${mapping}&missing_references=fail`,
    );
    expect(failed).toMatchObject({ rows_created: 0, rows_failed: 3 });
    expect(await errorsOf(failed.id)).toContain('2,"company_id no company has the name ""no Known"""');
    expect(await companiesNamed('no known')).toEqual([]);
  });

  test('is refused where several have the key, and not made for a row that is refused itself', async () => {
    for (const domain of ['one.twin.example', 'two.twin.example'])
      await crm.create('companies', { name: 'Twin reference', domain });
    const lines = ['email,c', 'a@twin.example,twin  Reference', 'none,Never made', 'b@twin.example,'];
    const target = encodeURIComponent(JSON.stringify({ c: 'company_id.name' }));
    const ended = await importFile(lines.join('\n'), `object=contacts&mapping=${target}`);
    expect(ended).toMatchObject({ rows_created: 1, rows_failed: 2 });
    expect(await errorsOf(ended.id)).toContain('2 records have the name');
    expect(await companiesNamed('never made')).toEqual([]);
  });
});

test.each([
  [
    'salesforce',
    'Contact ID,Salutation,First Name,Last Name,Account Name,Phone,Mobile,Email,Contact Owner',
    '003,Ms.,Ada,Lovelace,Sales Co,+44 1 200,+44 7 300,ada@sf.example,Bob',
    { first_name: 'Ada', last_name: 'Lovelace', phone: '+44 1 200' },
    'Sales Co',
  ],
  [
    'hubspot',
    'Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Associated Company',
    '1,Ada,Lovelace,ada@hs.example,+44 1 200,Bob,Hub Co',
    { first_name: 'Ada', phone: '+44 1 200' },
    'Hub Co',
  ],
  [
    'google',
    'First Name,Middle Name,Last Name,Organization Name,Labels,E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value',
    'Ada,,Lovelace,Goo Co,* myContacts ::: VIP,* Work,ada@goo.example ::: other@goo.example,Mobile,+44 1 200 ::: +44 1 201',
    { last_name: 'Lovelace', phone: '+44 1 200', tags: ['mycontacts', 'vip'] },
    'Goo Co',
  ],
  [
    'outlook',
    'Title,First Name,Last Name,Company,Job Title,Business Phone,Mobile Phone,Categories,E-mail Address,E-mail Type',
    'Dr.,Ada,Lovelace,Out Co,Countess,+44 1 200,+44 7 300,Friends;VIP,ada@out.example,SMTP',
    { first_name: 'Ada', phone: '+44 1 200', tags: ['friends', 'vip'] },
    'Out Co',
  ],
])('an export of %s is mapped by itself', async (source, header, row, fields, company) => {
  const ended = await importFile(`${header}\r\n${row}\r\n`);
  expect(ended, await errorsOf(ended.id)).toMatchObject({ status: 'completed', source, rows_created: 1 });
  const email = /ada@[a-z]+\.example/.exec(row)?.[0] ?? '';
  const contact = await byEmail(email);
  expect(contact).toMatchObject({ ...fields, email });
  expect(await companiesNamed(company)).toMatchObject([{ id: contact.company_id, name: company }]);
});

test('an import of UTF-16 that is cut again and again doubles no row and loses none', async () => {
  const lines = Array.from({ length: 600 }, (_, index) => `"Zoë\n😀${index}";cut${index}@wide.example`);
  const { id } = await upload(
    encodeText(`\uFEFFfirst_name;email\n${lines.join('\n')}\n`, 'utf-16be'),
    'object=contacts',
  );
  for (let cut = 1; cut <= 4; cut += 1) {
    await eventually(async () => {
      const { body } = await crm.send('GET', `/imports/${id}`);
      return body.rows_total >= cut * 60 || body.finished_at !== null ? true : undefined;
    });
    await crm.reload();
  }
  const ended = await crm.importEnded(id);
  expect(ended).toMatchObject({ status: 'completed', rows_total: 600, rows_created: 600, rows_failed: 0 });
  expect(await byEmail('cut599@wide.example')).toMatchObject({ first_name: 'Zoë\n😀599', version: 1 });
});

test('a dry run can be cancelled, and an import that waits too', async () => {
  const rows = Array.from({ length: 5_000 }, (_, index) => `stop${index}@stop.example`).join('\n');
  const { id } = await upload(`email\n${rows}\n`, 'object=contacts&dry_run=true');
  expect((await crm.send('POST', `/imports/${id}/start`)).body.code).toBe('IMPORT_STARTED');
  expect((await crm.send('POST', `/imports/${id}/cancel`)).body.status).toBe('cancelled');
  const waiting = await upload('email\na@stop.example\n', 'object=contacts&start=false');
  expect((await crm.send('POST', `/imports/${waiting.id}/cancel`)).body.status).toBe('cancelled');
  expect(await byEmail('stop1@stop.example')).toBeUndefined();
  const left = 'select 1 from import_chunks where import_id = any($1::uuid[])';
  expect(await crm.database.query(left, [[id, waiting.id]])).toEqual([]);
});

test('tells how far it is, not more than once a second', async () => {
  const told: Event[] = [];
  const { bus } = crm.appliance.appliance.rooms;
  using _ = bus.observe('import.progressed', (event) => told.push(event));
  const rows = Array.from({ length: 60 }, (_row, index) => `far${index}@far.example`).join('\n');
  const begunAt = performance.now();
  const { id } = await importFile(`email\n${rows}\n`);
  const seconds = (performance.now() - begunAt) / 1_000;
  const events = told.filter(({ subject }) => subject === id);
  expect(events[0]?.data).toMatchObject({
    import_id: id,
    object: 'contacts',
    dry_run: false,
    rows_total: 3,
    rows_created: 3,
    bytes_done: expect.any(Number),
  });
  expect(events.length).toBeGreaterThan(0);
  expect(events.length).toBeLessThanOrEqual(Math.ceil(seconds) + 1);
});
