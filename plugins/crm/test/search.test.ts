import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordKinds } from '../kinds.ts';
import { forgetWords } from '../search/forget-words.ts';
import { learnWords } from '../words/vocabulary.ts';
import { startCrm } from './support.ts';
import type { Answer, CrmAppliance, Sent } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm({
    access: { viewer: { contacts: { records: 'all', hidden: ['phone', 'last_name'], read_only: [] } } },
  });
});
afterAll(() => crm[Symbol.asyncDispose]());

/** Takes the words of what was written into the vocabulary, as the job does each minute. */
async function learn(): Promise<void> {
  const { signal } = new AbortController();
  await learnWords({ signal, transaction: (work) => crm.database.transaction((tx) => work(tx, () => {})) });
}

async function search(q: string, parameters: Record<string, string> = {}, sent: Sent = {}): Promise<Answer> {
  const query = new URLSearchParams({ q, ...parameters });
  return crm.send('GET', `/search?${query.toString()}`, sent);
}

async function titles(q: string, parameters?: Record<string, string>, sent?: Sent): Promise<string[]> {
  const { status, body } = await search(q, parameters, sent);
  expect(status).toBe(200);
  return body.items.map((item: { title: string }) => item.title);
}

/** The last names of the contacts that a list finds. */
async function lastNames(q: string): Promise<string[]> {
  const { body } = await crm.send('GET', `/contacts?q=${q}`);
  return body.items.map(({ last_name }: { last_name: string }) => last_name);
}

/** What a highlight marks. */
function marked({ text, ranges }: { text: string; ranges: { start: number; end: number }[] }): string[] {
  return ranges.map(({ start, end }) => text.slice(start, end));
}

describe('a search', () => {
  beforeAll(async () => {
    await crm.create('contacts', {
      first_name: 'Zoë',
      last_name: 'Müller-Lüdenscheidt',
      email: 'zoe@ente.example',
      phone: '+49 (0)171 / 123 45 67',
    });
    await crm.create('contacts', { first_name: 'Ludwig', last_name: 'Quark', email: 'muller@ente.example' });
    await crm.create('contacts', { first_name: 'Katharina', last_name: 'Wischnewski', phone: '030 9988776' });
    await crm.create('companies', { name: 'Müller Maschinenbau', domain: 'maschinen.example' });
    await learn();
  });

  test('puts names before e-mails, whatever the kind of record', async () => {
    const found = await titles('müller');
    expect(found).toHaveLength(3);
    expect(found.slice(0, 2).toSorted()).toEqual(['Müller Maschinenbau', 'Zoë Müller-Lüdenscheidt']);
    expect(found[2]).toBe('Ludwig Quark');
  });

  test.each([
    ['without accents', 'zoe muller', 'Zoë Müller-Lüdenscheidt'],
    ['in capitals', 'MÜLLER-LÜDEN', 'Zoë Müller-Lüdenscheidt'],
    ['by the beginnings of words, in any order', 'lüd zo', 'Zoë Müller-Lüdenscheidt'],
    ['with a letter too few', 'wischnewki', 'Katharina Wischnewski'],
    ['with a letter too many', 'wischnnewski', 'Katharina Wischnewski'],
    ['with another letter', 'katherina', 'Katharina Wischnewski'],
    ['with letters that changed places', 'qaurk', 'Ludwig Quark'],
    ['with two errors in a long word', 'wichnevski', 'Katharina Wischnewski'],
    ['by the end of a word', 'schinenbau', 'Müller Maschinenbau'],
    ['by a whole e-mail', 'zoe@ente.example', 'Zoë Müller-Lüdenscheidt'],
    ['by a mistyped e-mail', 'zoe@ennte.example', 'Zoë Müller-Lüdenscheidt'],
    ['by a domain', 'maschinen.example', 'Müller Maschinenbau'],
    ['by a national phone', '0171 1234567', 'Zoë Müller-Lüdenscheidt'],
    ['by an international phone', '0049171-1234567', 'Zoë Müller-Lüdenscheidt'],
    ['by the last digits of a phone', '34567', 'Zoë Müller-Lüdenscheidt'],
    ['by the first digits of a phone', '030 99', 'Katharina Wischnewski'],
    [
      'by a phone with the code of a country that the record has not',
      '+49 30 9988776',
      'Katharina Wischnewski',
    ],
  ])('finds a record %s', async (_, q, title) => {
    expect((await titles(q))[0]).toBe(title);
  });

  test('says which parts of which fields it found', async () => {
    const { body } = await search('LUD müll');
    const { highlights } = body.items.find(({ title }: { title: string }) => title.startsWith('Zoë'));
    expect(highlights).toHaveLength(1);
    expect(highlights[0]).toMatchObject({ field: 'last_name', text: 'Müller-Lüdenscheidt' });
    expect(marked(highlights[0])).toEqual(['Müll', 'Lüd']);
    const { body: byPhone } = await search('1234567');
    expect(byPhone.items[0].highlights.map(({ field }: { field: string }) => field)).toEqual(['phone']);
  });

  test('takes filters, kinds and a limit, and says when there is more', async () => {
    expect(await titles('müller', { kinds: 'company' })).toEqual(['Müller Maschinenbau']);
    const filter = JSON.stringify({ first_name: 'ludwig' });
    expect(await titles('müller', { kinds: 'contact', filter })).toEqual(['Ludwig Quark']);
    const { body } = await search('müller', { limit: '1' });
    expect(body).toMatchObject({ more: true });
    expect(body.items).toHaveLength(1);
  });

  test('refuses kinds and fields that are not there by name', async () => {
    const { status, body } = await search('x', { kinds: 'contact,dragon' });
    expect({ status, fault: body.faults[0] }).toMatchObject({
      status: 400,
      fault: { path: '/querystring/kinds', message: expect.stringContaining('"dragon"') },
    });
    const { status: refused, body: problem } = await search('x', { filter: '{"last_name":"x"}' });
    expect({ refused, path: problem.faults[0].path }).toEqual({
      refused: 400,
      path: '/querystring/filter/last_name',
    });
  });

  test('neither finds nor shows what is hidden from the role of its caller', async () => {
    const viewer: Sent = { role: 'viewer' };
    expect(await titles('1234567', {}, viewer)).toEqual([]);
    expect(await titles('wischnewski', {}, viewer)).toEqual([]);
    expect(await titles('wischnewki', {}, viewer)).toEqual([]);
    const { body } = await search('zoe', {}, viewer);
    expect(body.items).toHaveLength(1);
    expect(JSON.stringify(body)).not.toMatch(/Lüdenscheidt|123 45 67/);
    const { body: list } = await crm.send('GET', '/contacts?q=wischnewski', viewer);
    expect(list.items).toEqual([]);
  });

  test('of a list takes mistyped words only where nothing has the words as they were typed', async () => {
    expect(await lastNames('quark')).toEqual(['Quark']);
    expect(await lastNames('quarck')).toEqual(['Quark']);
    expect(await lastNames('zzzz')).toEqual([]);
  });

  test('finds no record that was deleted, and a changed one by its new words alone', async () => {
    const { id } = await crm.create('contacts', { last_name: 'Vergänglich' });
    expect(await titles('vergänglich')).toEqual(['Vergänglich']);
    await crm.send('PATCH', `/contacts/${id}`, { body: { last_name: 'Beständig' } });
    expect(await titles('vergänglich')).toEqual([]);
    expect(await titles('beständig')).toEqual(['Beständig']);
    await crm.send('DELETE', `/contacts/${id}`);
    expect(await titles('beständig')).toEqual([]);
  });
});

test.each([
  ['only punctuation', '-- ,;:.!?()[]{}'],
  ['emoji', '👩‍👩‍👧‍👦 🏳️‍🌈'],
  ['right-to-left', 'שלום مرحبا'],
  ['wildcards', '% _ * ? %%__'],
  ['quotes and backslashes', `'"\\'\\\\ ''; `],
  ['SQL', `'); drop table contacts; --`],
  ['a tsquery', `a:* & !b | (c <-> 'd'):A`],
  ['a pattern that takes long', `${'a'.repeat(80)}! (a+)+$ ${'@'.repeat(60)}`],
  ['half a surrogate pair', '\ud800x'],
  ['many words', 'a b c d e f g h i j k l m n o p q r s t u v w x y z 1 2 3 4 5 6 7 8 9'],
  ['digits', '0'.repeat(200)],
  ['combining marks', `e${'\u0301'.repeat(150)}`],
  ['what grows when it is folded', '\ufdfa'.repeat(180)],
])('a search for %s is answered', async (_, q) => {
  for (const path of ['/search', '/contacts', '/companies', '/deals']) {
    const { status } = await crm.send('GET', `${path}?q=${encodeURIComponent(q.toWellFormed())}`);
    expect({ path, status }).toEqual({ path, status: 200 });
  }
});

test('NUL is refused, in an address and in a body', async () => {
  expect((await search('a\u0000b')).status).toBe(400);
  const { status } = await crm.send('POST', '/contacts/query', { body: { q: 'a\u0000b' } });
  expect(status).toBe(400);
});

test('a question of 10,000 characters, an empty one and none are refused', async () => {
  for (const path of [`/search?q=${'a'.repeat(10_000)}`, '/search?q=', '/search', '/search?q=a&limit=1000']) {
    expect((await crm.send('GET', path)).status).toBe(400);
  }
});

test('a word that many write at a time is kept once', async () => {
  await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      crm.create('contacts', { first_name: 'Gleichzeitig', email: `same${index}@time.example` }),
    ),
  );
  await Promise.all([learn(), learn()]);
  const rows = await crm.database.query(`select word from search_words where word = 'gleichzeitig'`);
  expect(rows).toHaveLength(1);
  expect(await crm.database.query('select 1 from search_words_noted')).toEqual([]);
});

test('words that no record has any more are forgotten, others are not', async () => {
  const { id } = await crm.create('contacts', { first_name: 'Unvergleichlich', last_name: 'Gewöhnlich' });
  await crm.create('contacts', { last_name: 'Gewöhnlich' });
  await learn();
  await crm.send('DELETE', `/contacts/${id}`);
  await crm.database.transaction((tx) =>
    forgetWords(tx, Object.values(recordKinds), ['unvergleichlich', 'gewohnlich']),
  );
  const known = 'select word from search_words where word = any($1)';
  expect(await crm.database.query(known, [['unvergleichlich', 'gewohnlich']])).toEqual([
    { word: 'gewohnlich' },
  ]);
});
