import { contactErased } from '../../contract.ts';
import { deleteRecords, lockRecords } from '../../records/store.ts';
import type { RecordKind } from '../../records/kind.ts';
import type { Transaction } from '@orchestrall/sdk';
import { findPeople } from '../find-person.ts';
import { eraserOf, patternsOf } from '../pattern.ts';
import { allPlaces } from '../reach/all-places.ts';
import { erasePlace, replaceInPlace } from '../reach/place.ts';
import { editTexts, naming } from '../reach/record-texts.ts';
import { forgetWords } from '../../search/forget-words.ts';
import { eraseActivities, eraser } from './activities.ts';
import { lookIntoFiles } from './files.ts';
import { notReached } from './not-reached.ts';
import type { EraseRun, EraseStep } from './run.ts';

/** Records and items of the history that one transaction takes. */
const batch = 500;

/** What an erasure does, in order. */
export const steps: readonly EraseStep[] = [
  gather,
  files,
  eraseActivities,
  contacts,
  names,
  places,
  vocabulary,
  history,
  finish,
];

/** What the person is and was known by, as of now. */
async function gather({ kinds, database, history: kept, stored, change }: EraseRun): Promise<void> {
  const person = await findPeople(kinds, database, stored.contact_ids, kept);
  await change(async () => ({ status: 'running', person }));
}

async function files({ database, person, stored, change }: EraseRun) {
  const looked = await lookIntoFiles(database, person, stored.created_at, async (work) =>
    change(async (tx) => {
      await work(tx);
      return { erased: [{ place: 'import_chunks', removed: 1, replaced: 0 }] };
    }),
  );
  return looked.waitsFor === undefined ? undefined : { waitsFor: looked.waitsFor };
}

/** The contacts themselves. Their last state is told to nobody; that they were erased is told at the end. */
async function contacts({ kinds, person, change }: EraseRun): Promise<void> {
  await change(async (tx) => {
    const found = await lockRecords(kinds.contacts, tx, person.ids);
    for (const record of found) await kinds.contacts.released?.(tx, record, eraser);
    const removed = found.map(({ id }) => id);
    await deleteRecords(kinds.contacts, tx, removed);
    return { erased: [{ place: kinds.contacts.table, removed: removed.length, replaced: 0 }] };
  });
}

/** Records of others that name the person in a text. */
async function names(run: EraseRun): Promise<void> {
  const all: readonly RecordKind[] = Object.values(run.kinds);
  for (const kind of all) await namesIn(run, kind);
}

async function namesIn({ kinds, person, change, signal }: EraseRun, kind: RecordKind): Promise<void> {
  const place = allPlaces(kinds).find(({ table }) => table === kind.table);
  if (place === undefined) throw new TypeError(`nobody says how ${kind.table} names people`);
  const erase = eraserOf(person);
  for (let after: string | null = null; ;) {
    signal.throwIfAborted();
    const from: string | null = after;
    let last: string | undefined;
    await change(async (tx) => {
      const ids = await naming(tx, place, person, from, batch);
      last = ids.at(-1);
      const { changed, refused } = await editTexts(kind, tx, ids, erase, eraser);
      return {
        erased: [{ place: kind.table, removed: 0, replaced: changed }],
        notReached: refused.map((id) => ({
          what: `${kind.name} ${id}`,
          why: 'it would break the rules of its fields without the text; change it by hand',
        })),
      };
    });
    if (last === undefined) return;
    after = last;
  }
}

async function places({ kinds, person, change, signal }: EraseRun): Promise<void> {
  for (const place of allPlaces(kinds)) {
    signal.throwIfAborted();
    if (place.isRecords) continue;
    await change(async (tx) => {
      const removed = await erasePlace(tx, place, person);
      const replaced = await replaceInPlace(tx, place, person);
      return { erased: [{ place: place.table, removed, replaced }] };
    });
  }
}

async function vocabulary({ kinds, person, change }: EraseRun): Promise<void> {
  await change(async (tx) => {
    const known = await knownWords(tx, person.words);
    await forgetWords(tx, Object.values(kinds), person.words);
    const removed = known - (await knownWords(tx, person.words));
    return { erased: [{ place: 'search_words', removed, replaced: 0 }] };
  });
}

async function knownWords(tx: Transaction, words: readonly string[]): Promise<number> {
  const statement = 'select count(*)::integer as words from search_words where word = any($1::text[])';
  const [row] = await tx.query<{ words: number }>(statement, [words]);
  return row?.words ?? 0;
}

/** Events, dead letters and audit entries about the person, and those of others that name them. */
async function history({ history: kept, person, change }: EraseRun): Promise<void> {
  const search = searchOf(person);
  let items: { readonly kind: 'event' | 'dead_letter' | 'audit_entry'; readonly id: string }[] = [];
  const eraseItems = async (): Promise<void> => {
    const some = items;
    items = [];
    await change(async (tx) => {
      tx.eraseHistoryItems(some);
      return { erased: [{ place: 'history', removed: some.length, replaced: 0 }] };
    });
  };
  for await (const { kind, id } of kept.find(search)) {
    items.push({ kind, id });
    if (items.length >= batch) await eraseItems();
  }
  await eraseItems();
}

/** What is left: answers kept for repeats, statistics of the planner, the word of it. */
async function finish({ kinds, person, stored, change, database }: EraseRun): Promise<void> {
  const unreached = await notReached(database, person);
  await change(async (tx) => {
    tx.forgetAnswers();
    // The planner keeps common values of columns.
    for (const { table } of allPlaces(kinds)) await tx.query(`analyze ${table}`);
    await tx.query('analyze search_words');
    for (const id of person.ids) tx.emit(contactErased, { id }, { subject: id });
    tx.audit({
      action: 'contact.erased',
      subjectType: 'erasure',
      subjectId: stored.id,
      after: { cause: stored.cause, requested_by: stored.requested_by },
    });
    return { status: 'completed', person: null, notReached: unreached, done: steps.length };
  });
}

/** What of the history tells of a person. */
export function searchOf(person: EraseRun['person']) {
  const patterns = patternsOf(person, 'postgresql').map((pattern) => `(?:${pattern})`);
  const subjects = [...person.ids, ...person.about];
  // What tells of the id tells of a part that the person has in it, such as a role.
  return { subjects, pattern: [...subjects.map((id) => `"${id}"`), ...patterns].join('|') };
}
