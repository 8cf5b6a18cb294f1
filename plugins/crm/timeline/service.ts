import { isId } from '@orchestrall/sdk';
import type { Caller } from '@orchestrall/sdk';
import { changeRecords } from '@orchestrall/sdk/resources';
import type { ListRequest, Page } from '@orchestrall/sdk/resources';
import type { ActivityFields } from '../activities/fields.ts';
import { timelineEntryAdded, timelineEntryRemoved } from '../contract.ts';
import type { Actor } from '../contract.ts';
import { crmError } from '../errors.ts';
import { kindNamed } from '../kinds.ts';
import type { Kinds } from '../kinds.ts';
import { readPage } from '../paging/cursor.ts';
import type { PageKey } from '../paging/cursor.ts';
import type { View } from '../records/access.ts';
import { toldOf } from '../records/history.ts';
import type { Kept, SubjectType } from '../records/kind.ts';
import { masked, requireRecord } from '../records/service.ts';
import type { RecordServiceOptions } from '../records/service.ts';
import { holdExisting } from '../records/store.ts';
import { requireContribution } from './contribution.ts';
import type { TimelineContribution, TimelineSubject } from './contribution.ts';
import type { TimelineEntry } from './schemas.ts';
import { activitiesOf, deleteContribution, entriesOf, putContribution } from './store.ts';
import type { KeptEntry, TimelinePlace } from './store.ts';

/** What happened to a record, what was done about it, and what other plugins tell of it. */
export interface Timeline {
  /**
   * Entries newest first, activities among them that the caller may see. Throws the code for a record that is not
   * there, `CURSOR_INVALID`.
   */
  list(
    subject: SubjectType,
    id: string,
    page: Pick<ListRequest, 'cursor' | 'limit'>,
    by: Caller,
  ): Promise<Page<TimelineEntry>>;
  /**
   * Shows something of another plugin, whose name is `by.id`; with a key that it has used for this record it changes
   * nothing and gives what is there. Throws `VALIDATION_FAILED` and the code for a record that is not there.
   */
  add(contribution: TimelineContribution, by: Actor): Promise<TimelineEntry>;
  /** Takes away what this plugin has shown under a key. Throws `TIMELINE_ENTRY_NOT_FOUND`. */
  remove(subject: TimelineSubject, key: string, by: Actor): Promise<void>;
}

/** Creates the timelines of records. */
export function createTimeline(kinds: Kinds, { database, access }: RecordServiceOptions): Timeline {
  return {
    async list(subject, id, page, by) {
      const view = access.viewOf(by, subject);
      const record = await requireRecord(kindNamed(kinds, subject), database, id, view.condition);
      const seen = access.viewOf(by, 'activity');
      const load = async (place: string | undefined, limit: number): Promise<TimelineEntry[]> => {
        const after = place === undefined ? undefined : placeIn(place);
        const visible = seen.condition;
        const [entries, activities] = [
          await entriesOf(database, record.id, after, limit),
          await activitiesOf(kinds.activities, database, record.id, { after, visible, limit }),
        ];
        const merged = [
          ...entries.map((entry) => withoutHidden(toEntry(entry), view)),
          ...activities.map((activity) => activityEntry(activity, seen)),
        ];
        return merged.toSorted(newestFirst).slice(0, limit);
      };
      return readPage(`timeline of ${record.id} for ${by.id}`, page, byPlace, load);
    },

    add: (given, by) =>
      changeRecords(database, async (tx) => {
        const contribution = requireContribution(given);
        const { subject } = contribution;
        const kind = kindNamed(kinds, subject.kind);
        // Held, so that nothing is left behind by the deletion of its record.
        await holdExisting(kind.table, tx, new Set([subject.id]));
        const record = await requireRecord(kind, tx, subject.id);
        const { entry, created } = await putContribution(tx, contribution, by);
        const shown = toEntry(entry);
        if (!created) return shown;
        tx.emit(timelineEntryAdded, { subject, entry: told(shown) }, toldOf(kind, record));
        tx.audit({ action: 'timeline_entry.added', ...audited, subjectId: record.id, after: shown });
        return shown;
      }),

    remove: (subject, key, by) =>
      changeRecords(database, async (tx) => {
        const kind = kindNamed(kinds, subject.kind);
        const entry = isId(subject.id) ? await deleteContribution(tx, subject, by.id, key) : undefined;
        if (entry === undefined) throw crmError('TIMELINE_ENTRY_NOT_FOUND', { id: subject.id, key });
        const record = await requireRecord(kind, tx, subject.id);
        const shown = toEntry(entry);
        tx.emit(timelineEntryRemoved, { subject, entry: told(shown) }, toldOf(kind, record));
        tx.audit({ action: 'timeline_entry.removed', ...audited, subjectId: record.id, before: shown });
      }),
  };
}

const audited = { subjectType: 'timeline_entry' };

/** What an event tells of an entry. */
function told({ id, kind, title, text, link, source, occurred_at }: TimelineEntry) {
  return { id, kind, title, text, link, source, occurred_at };
}

function toEntry({ actor_id, actor_name, occurred_at, ...entry }: KeptEntry): TimelineEntry {
  const actor = actor_id === null ? null : { id: actor_id, name: actor_name ?? actor_id };
  return { ...entry, activity: null, actor, occurred_at: occurred_at.toISOString() };
}

function activityEntry(activity: Kept<ActivityFields>, view: View): TimelineEntry {
  const { id, occurred_at, author_id, author_name } = activity;
  const authorHidden = author_id === null || view.hidden.has('author_id') || view.hidden.has('author_name');
  return {
    id,
    kind: 'activity',
    title: null,
    text: null,
    link: null,
    source: null,
    changes: null,
    activity: masked(activity, view),
    actor: authorHidden ? null : { id: author_id, name: author_name ?? author_id },
    occurred_at,
  };
}

/** An entry without the changes of fields that the caller does not learn of. */
function withoutHidden(entry: TimelineEntry, { hidden }: View): TimelineEntry {
  if (entry.changes === null || hidden.size === 0) return entry;
  const seen = Object.entries(entry.changes).filter(([field]) => !hidden.has(field));
  return { ...entry, changes: Object.fromEntries(seen) };
}

/** The key that timelines are ordered by; texts of instants of one form follow each other as the instants do. */
const byPlace: PageKey<TimelineEntry> = {
  of: ({ occurred_at, id }) => `${occurred_at} ${id}`,
  is: (text) => {
    const { occurred_at, id } = placeIn(text);
    return isInstant(occurred_at) && isId(id);
  },
};

function placeIn(key: string): TimelinePlace {
  const [occurred_at = '', id = ''] = key.split(' ', 2);
  return { occurred_at, id };
}

/** Whether a text is an instant in the form in which it is kept; PostgreSQL knows no year 0. */
function isInstant(text: string): boolean {
  if (!/^(?!0000)\d{4}-/.test(text) || Number.isNaN(Date.parse(text))) return false;
  return new Date(text).toISOString() === text;
}

function newestFirst(left: TimelineEntry, right: TimelineEntry): number {
  return byPlace.of(left) < byPlace.of(right) ? 1 : -1;
}
