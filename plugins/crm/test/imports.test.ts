import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callerName, startCrm } from './support.ts';
import type { CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm({ import_batch_rows: 3, import_max_bytes: 3_000_000 });
});
afterAll(() => crm[Symbol.asyncDispose]());

async function importFile(body: string | Uint8Array, query = 'object=contacts&key=email') {
  const { status, body: started, headers } = await crm.send('POST', `/imports?${query}`, { body });
  expect(status, JSON.stringify(started)).toBe(202);
  expect(headers.get('location')).toBe(`/api/v1/crm/imports/${started.id}`);
  return crm.importEnded(started.id);
}

async function byEmail(email: string) {
  const { body } = await crm.send('GET', `/contacts?q=${encodeURIComponent(email)}`);
  return body.items[0];
}

const errorsOf = async (id: string) => (await crm.send('GET', `/imports/${id}/errors`)).body;

describe('an import of contacts', () => {
  test('makes and changes contacts, counts exactly, and names each refused row by its physical line', async () => {
    const { body: known } = await crm.send('POST', '/contacts', {
      body: { first_name: 'Old', last_name: 'Kept', email: 'known@example.com' },
    });
    const file = [
      'First Name,LAST_NAME,E-Mail,Telephone,Tags,Shoe size',
      '"Ada","Love""lace, Countess",ada@file.example,+44 20,"vip; early",38',
      '"Two',
      'lines",,lines@file.example,,,',
      'New,,KNOWN@example.com,,,',
      '',
      'No mail,,,,,',
      'Bad,,not-a-mail,12,,',
      'Short,row',
      'Broken,"quote"x,b@file.example,,,',
      'Zero,\u0000,zero@file.example,,,',
      'Later,,ada@file.example,,,',
    ].join('\r\n');
    const ended = await importFile(`\uFEFF${file}`);
    expect(ended).toMatchObject({
      status: 'completed',
      object: 'contacts',
      key: 'email',
      rows_total: 9,
      rows_created: 2,
      rows_updated: 2,
      rows_failed: 5,
      ignored_columns: ['Shoe size'],
      reason: null,
    });
    expect(ended.bytes_done).toBe(ended.bytes_total);
    expect(await errorsOf(ended.id)).toBe(
      [
        'line,reason,First Name,LAST_NAME,E-Mail,Telephone,Tags,Shoe size',
        '7,the cell of the key column is empty,No mail,,,,,',
        '8,"email must be one e-mail address such as ada@example.com; phone must hold 3 to 20 digits, holds 2",Bad,,not-a-mail,12,,',
        '9,has 2 cells where the header has 6,Short,row',
        '10,after a closing quote stands something other than a comma or a line end,"Broken,""quote""x,b@file.example,,,"',
        '11,last_name must not hold the character U+0000; remove it,Zero,\u2400,zero@file.example,,,',
        '',
      ].join('\r\n'),
    );
    expect(await byEmail('ada@file.example')).toMatchObject({
      first_name: 'Later',
      last_name: 'Love"lace, Countess',
      phone: '+44 20',
      tags: ['early', 'vip'],
    });
    expect(await byEmail('lines@file.example')).toMatchObject({
      first_name: 'Two\r\nlines',
      last_name: null,
    });
    expect(await byEmail('known@example.com')).toMatchObject({
      id: known.id,
      first_name: 'New',
      last_name: 'Kept',
      version: 2,
    });
  });

  test('each contact has its own events, audit entries and timeline, in the name of who started it', async () => {
    await importFile('email,first_name\nevents@file.example,One\nevents@file.example,Two\n');
    const contact = await byEmail('events@file.example');
    const events = await crm.events(contact.id, 2);
    expect(events).toMatchObject([
      { type: 'contact.created', data: { contact: { first_name: 'One', version: 1 } } },
      { type: 'contact.updated', data: { contact, changed: ['first_name'] } },
    ]);
    const items = await crm.audited(contact.id);
    expect(items.map((entry) => Reflect.get(entry, 'action'))).toEqual([
      'contact.updated',
      'contact.created',
    ]);
    const { body } = await crm.send('GET', `/contacts/${contact.id}/timeline`);
    expect(body.items[0]).toMatchObject({ actor: { name: callerName } });
  });

  test('ends with an event that holds its counts', async () => {
    const { id } = await importFile('email\nending@file.example\n');
    const [event] = await crm.events(id, 1);
    expect(event).toMatchObject({
      type: 'import.completed',
      data: {
        import_id: id,
        object: 'contacts',
        rows_total: 1,
        rows_created: 1,
        rows_updated: 0,
        rows_failed: 0,
      },
    });
  });

  test('of a file with nothing but a header is complete with no row', async () => {
    expect(await importFile('email\n')).toMatchObject({ status: 'completed', rows_total: 0 });
  });

  test.each([
    ['', 'line 1: the file is empty; line 1 must name columns'],
    ['\n\n', 'line 1: the file has no header'],
    ['a,b\n1,2\n', expect.stringMatching(/^line 1: no column is known; .*first_name/)],
    ['first_name\nAda\n', 'line 1: the key column email is missing; add it or choose another key'],
    ['email,E-mail\na@b,a@b\n', 'line 1: more than one column is read as email; keep one of them'],
    ['email,"na"me\na@b,c\n', expect.stringMatching(/^line 1: after a closing quote/)],
    [
      Buffer.concat([Buffer.from('email\nMüller@x.example\n'), Buffer.from('Müller\n', 'latin1')]),
      'line 3, byte 25: the file is not UTF-8 here, as it is before; save all of it as UTF-8',
    ],
    [Buffer.from([0x65, 0xe2, 0x82]), 'line 1, byte 1: the file ends inside a character of UTF-8'],
    [`${'a,'.repeat(9_999)}email\n`, 'line 1: the file has 10000 columns; at most 2000 are read'],
  ])('of %j fails as a whole and says why', async (file, reason) => {
    expect(await importFile(file)).toMatchObject({ status: 'failed', reason, rows_total: 0 });
  });

  test('of a file with a quote that is never closed fails as a whole, and writes nothing', async () => {
    const rows = Array.from({ length: 7 }, (_, index) => `open${index}@file.example`).join('\n');
    const ended = await importFile(`email\n${rows}\n"open\nnever@file.example\n`);
    expect(ended).toMatchObject({
      status: 'failed',
      reason: 'line 9: the row that begins here opens a quote that is never closed',
      rows_total: 0,
      rows_created: 0,
    });
  });

  test('refuses a key the object does not have, and an unknown object', async () => {
    const key = await crm.send('POST', '/imports?object=contacts&key=name', { body: 'name\n' });
    expect(key.body.faults).toEqual([{ path: '/querystring/key', message: 'must be email for contacts' }]);
    expect((await crm.send('POST', '/imports?object=shoes', { body: 'x\n' })).status).toBe(400);
  });

  test('a file beyond the limit is refused, announced or not, and leaves nothing', async () => {
    const announced = await crm.send('POST', '/imports?object=contacts', { body: 'x'.repeat(3_000_001) });
    expect(announced.body.code).toBe('UPLOAD_TOO_LARGE');
    const response = await fetch(`${crm.url}/api/v1/crm/imports?object=contacts`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await crm.appliance.token('operator')}`,
        'content-type': 'text/csv',
      },
      body: new ReadableStream({
        start(controller) {
          for (let piece = 0; piece < 40; piece += 1) controller.enqueue(Buffer.alloc(100_000, 'x'));
          controller.close();
        },
      }),
      duplex: 'half',
    });
    expect(response.status).toBe(413);
    expect(await crm.database.query(`select 1 from imports where status = 'uploading'`)).toEqual([]);
  });

  test('an upload that breaks off leaves nothing', async () => {
    const before = await crm.database.query('select count(*) from imports');
    const upload = request(`${crm.url}/api/v1/crm/imports?object=contacts`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await crm.appliance.token('operator')}`,
        'content-type': 'text/csv',
      },
    });
    const brokenOff = once(upload, 'error');
    upload.write(`email\n${'a@b.example\n'.repeat(200_000)}`);
    await expect
      .poll(() => crm.database.query('select 1 from import_chunks'), { timeout: 30_000 })
      .not.toEqual([]);
    upload.destroy(new Error('the sender goes away'));
    await brokenOff;
    await expect
      .poll(() => crm.database.query('select count(*) from imports'), { timeout: 30_000 })
      .toEqual(before);
    expect(await crm.database.query('select 1 from import_chunks')).toEqual([]);
  });

  test('can be cancelled; what it committed stays, and its file goes', async () => {
    const rows = Array.from({ length: 20_000 }, (_, index) => `cancel${index}@file.example`).join('\n');
    const { body: started } = await crm.send('POST', '/imports?object=contacts', {
      body: `email\n${rows}\n`,
    });
    await expect
      .poll(async () => (await crm.send('GET', `/imports/${started.id}`)).body.rows_total, {
        timeout: 60_000,
      })
      .toBeGreaterThan(0);
    const { status, body: cancelled } = await crm.send('POST', `/imports/${started.id}/cancel`);
    expect(status).toBe(200);
    expect(cancelled).toMatchObject({ status: 'cancelled', finished_at: expect.any(String) });
    const rest = await crm.database.query<{ contacts: number }>(
      `select count(*) as contacts from contacts where email like 'cancel%'`,
    );
    const { body: later } = await crm.send('GET', `/imports/${started.id}`);
    expect(later).toEqual(cancelled);
    expect(rest[0]?.contacts).toBe(cancelled.rows_created);
    expect(await crm.database.query('select 1 from import_chunks')).toEqual([]);
    expect((await crm.send('POST', `/imports/${started.id}/cancel`)).body.status).toBe('cancelled');
    const done = await importFile('email\ndone@file.example\n');
    expect((await crm.send('POST', `/imports/${done.id}/cancel`)).body.code).toBe('IMPORT_ENDED');
  });
});

test('companies are imported by domain and by name; a name that several have is refused', async () => {
  const first = await importFile(
    'Company Name,Domain,Homepage\nAcme,acme.example,https://acme.example\nTwin,twin1.example,\nTwin,twin2.example,\n',
    'object=companies',
  );
  expect(first).toMatchObject({ status: 'completed', key: 'domain', rows_created: 3 });
  const second = await importFile(
    'name,phone,domain\nÀCME,123 456,\ntwin,123 456,\nNew,,acme.example\n',
    'object=companies&key=name',
  );
  expect(second).toMatchObject({ rows_created: 0, rows_updated: 1, rows_failed: 2 });
  expect(await errorsOf(second.id)).toContain('2 records have this key');
  expect(await errorsOf(second.id)).toContain('The domain acme.example belongs to the company');
  const { body } = await crm.send('GET', '/companies?q=acme');
  expect(body.items).toMatchObject([{ name: 'ÀCME', phone: '123 456', domain: 'acme.example', version: 2 }]);
});

test('imports are listed newest first', async () => {
  const { body } = await crm.send('GET', '/imports?limit=2', { role: 'viewer' });
  expect(body.items).toHaveLength(2);
  expect(body.items[0].created_at >= body.items[1].created_at).toBe(true);
  const none = await crm.send('GET', '/imports/01890a5d-ac96-774b-bcce-b302099a8057');
  expect(none.body.code).toBe('IMPORT_NOT_FOUND');
});
