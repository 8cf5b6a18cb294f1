import { validationFailed } from '@orchestrall/sdk';
import type { Caller } from '@orchestrall/sdk';
import { changeRecords, keepText } from '@orchestrall/sdk/resources';
import type { ListRequest, Page } from '@orchestrall/sdk/resources';
import { noteAdded, noteDeleted } from '../contract.ts';
import { crmError } from '../errors.ts';
import { kindNamed } from '../kinds.ts';
import type { Kinds } from '../kinds.ts';
import { lockRecord, requireRecord } from '../records/service.ts';
import type { RecordServiceOptions } from '../records/service.ts';
import type { SubjectType, TimelineEntry } from '../records/timeline-entry.ts';
import { deleteNote, insertEntries, listEntries } from '../records/timeline-store.ts';
import { maxNoteLength } from './schemas.ts';

/** What happened to a record, and what people wrote about it. */
export interface Timeline {
  /** Entries newest first. Throws `CONTACT_NOT_FOUND`, `COMPANY_NOT_FOUND`, `CURSOR_INVALID`. */
  list(
    subject: SubjectType,
    id: string,
    page: Pick<ListRequest, 'cursor' | 'limit'>,
    by: Caller,
  ): Promise<Page<TimelineEntry>>;
  /** Adds a note. Throws `CONTACT_NOT_FOUND`, `COMPANY_NOT_FOUND`, `VALIDATION_FAILED`. */
  addNote(subject: SubjectType, id: string, text: string, by: Caller): Promise<TimelineEntry>;
  /** Takes a note away. Throws `CONTACT_NOT_FOUND`, `COMPANY_NOT_FOUND`, `NOTE_NOT_FOUND`. */
  deleteNote(subject: SubjectType, id: string, noteId: string, by: Caller): Promise<void>;
}

/** Creates the timelines of records. */
export function createTimeline(kinds: Kinds, { database, access }: RecordServiceOptions): Timeline {
  const visible = (by: Caller, subject: SubjectType) => access.viewOf(by, subject).condition;
  return {
    async list(subject, id, page, by) {
      const { hidden } = access.viewOf(by, subject);
      const record = await requireRecord(kindNamed(kinds, subject), database, id, visible(by, subject));
      const { items, next_cursor } = await listEntries(database, record.id, page);
      return { items: items.map((entry) => withoutHidden(entry, hidden)), next_cursor };
    },

    addNote: (subject, id, given, by) =>
      changeRecords(database, async (tx) => {
        const { text, fault } = keepText(given, maxNoteLength);
        if (text === undefined) throw validationFailed([{ path: '/text', message: fault }]);
        // Held, so that no note is left behind by the deletion of its record.
        const record = await lockRecord(kindNamed(kinds, subject), tx, id, visible(by, subject));
        const about = { subject_type: subject, subject_id: record.id };
        const [note] = await insertEntries(tx, [{ ...about, kind: 'note', text }], by);
        if (note === undefined) throw new TypeError('an inserted note was not returned');
        const data = { note_id: note.id, ...about, text };
        tx.emit(noteAdded, data, { subject: record.id });
        tx.audit({ action: 'note.added', subjectType: 'note', subjectId: note.id, after: data });
        return note;
      }),

    deleteNote: (subject, id, noteId, by) =>
      changeRecords(database, async (tx) => {
        // Held, so that no note is left behind by the deletion of its record.
        const record = await lockRecord(kindNamed(kinds, subject), tx, id, visible(by, subject));
        const note = await deleteNote(tx, record.id, noteId);
        if (note === undefined) throw crmError('NOTE_NOT_FOUND', { id, note_id: noteId });
        const data = { note_id: note.id, subject_type: subject, subject_id: record.id, text: note.text };
        tx.emit(noteDeleted, data, { subject: record.id });
        tx.audit({ action: 'note.deleted', subjectType: 'note', subjectId: note.id, before: data });
      }),
  };
}

/** An entry without the changes of fields that the caller does not learn of. */
function withoutHidden(entry: TimelineEntry, hidden: ReadonlySet<string>): TimelineEntry {
  if (entry.changes === null || hidden.size === 0) return entry;
  const seen = Object.entries(entry.changes).filter(([field]) => !hidden.has(field));
  return { ...entry, changes: Object.fromEntries(seen) };
}
