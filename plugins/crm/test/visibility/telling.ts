import { hears } from './model.ts';
import type { Asker } from './model.ts';
import { allKinds, samples } from './samples.ts';
import { compareEvents, unlike } from './way.ts';
import type { Way } from './way.ts';
import type { World } from './world.ts';

interface Told {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
}

/** Every event of the history that somebody is shown, with its text. */
async function historyOf(
  world: World,
  asker: Asker,
): Promise<{ readonly events: Told[]; readonly text: string }> {
  const events: Told[] = [];
  const texts: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { body, text } = await world.ask(asker, 'GET', `/api/v1/system/events?limit=200&pattern=**${page}`);
    const items: Told[] = body.items;
    events.push(...items);
    texts.push(text);
    cursor = items.length === 0 ? null : body.next_cursor;
  }
  return { events, text: texts.join('\n') };
}

/** Changes every record once, and then tells everybody that it is done. */
async function touchAll(world: World, word: string): Promise<void> {
  const admin = world.admin;
  for (const { name, path, table } of allKinds) {
    const items = world.records
      .filter(({ kind }) => kind === name)
      .map(({ id, mark }) => {
        return { action: 'update', id, if_match: '*', body: { [samples[table].marked]: `${mark} ${word}` } };
      });
    const { status, text } = await world.ask(admin, 'POST', `${path}/batch`, {
      body: { items, atomic: true },
    });
    if (status !== 200) throw new Error(`${table} were not changed: ${text}`);
  }
  const list = { name: `touched ${word}`, kind: 'contact', shared: 'everyone' };
  await world.ask(admin, 'POST', '/api/v1/crm/lists', { body: list });
}

/** What a stream brings from now on, until a word comes in it. */
async function streamed(
  world: World,
  asker: Asker,
  word: string,
  begin: () => Promise<void>,
): Promise<string> {
  const abort = new AbortController();
  const response = await world.open(asker, '/sse/events?pattern=**', abort.signal);
  // What could not be done would never come.
  const begun = begin().catch((error: unknown) => {
    abort.abort();
    throw error;
  });
  let text = '';
  const decoder = new TextDecoder();
  try {
    for await (const chunk of response) {
      text += decoder.decode(chunk, { stream: true });
      if (text.includes(`touched ${word}`)) break;
    }
  } finally {
    await begun;
    abort.abort();
  }
  return text;
}

/** Events of records, which carry the whole of them. */
export const telling: readonly Way[] = [
  {
    name: 'the history of events',
    routes: ['GET /api/v1/system/events'],
    least: 'viewer',
    async check(world, asker) {
      const expected = world.records.filter((record) => hears(world.rules, asker, record));
      return compareEvents(world, asker, (await historyOf(world, asker)).text, expected);
    },
  },
  {
    name: 'events one by one',
    routes: ['GET /api/v1/system/events/{id}'],
    least: 'viewer',
    async check(world, asker) {
      const { events } = await historyOf(world, world.admin);
      const differences: string[] = [];
      for (const record of world.records) {
        const event = events.find(
          ({ type, subject }) => type === `${record.kind}.created` && subject === record.id,
        );
        const { status, text } = await world.ask(asker, 'GET', `/api/v1/system/events/${event?.id ?? ''}`);
        const expected = hears(world.rules, asker, record) ? 200 : 404;
        differences.push(...unlike(`the event of ${record.mark}`, status, expected));
        differences.push(...compareEvents(world, asker, text, []));
      }
      return differences;
    },
  },
  {
    name: 'the live feed',
    changes: true,
    routes: ['GET /sse/events'],
    least: 'viewer',
    async check(world, asker) {
      const word = `by${asker.name.replaceAll(/\W/g, '')}`;
      const text = await streamed(world, asker, word, () => touchAll(world, word));
      const expected = world.records.filter((record) => hears(world.rules, asker, record));
      return compareEvents(world, asker, text, expected);
    },
  },
];
