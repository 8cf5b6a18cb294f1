import { validationFailed } from '@orchestrall/sdk';
import type { Database } from '@orchestrall/sdk';
import { noteAdded, noteDeleted } from '../contract.ts';
import type { Actor } from '../contract.ts';
import { crmError } from '../errors.ts';
import { keepText } from '../fields/text.ts';
import { byId, readPage } from '../paging/cursor.ts';
import type { Page, PageRequest } from '../paging/cursor.ts';
import { changeRecords } from '../records/change-records.ts';
import { kindNamed } from '../kinds.ts';
import { lockRecord, requireRecord } from '../records/service.ts';
import { maxNoteLength } from './schemas.ts';
import type { SubjectType, TimelineEntry } from '../records/timeline-entry.ts';
import { deleteNote, insertEntries, listEntries } from '../records/timeline-store.ts';

/** What happened to a record, and what people wrote about it. */
export interface Timeline {
  /** Entries newest first. Throws `CONTACT_NOT_FOUND`, `COMPANY_NOT_FOUND`, `CURSOR_INVALID`. */
  list(subject: SubjectType, id: string, page: PageRequest): Promise<Page<TimelineEntry>>;
  /** Adds a note. Throws `CONTACT_NOT_FOUND`, `COMPANY_NOT_FOUND`, `VALIDATION_FAILED`. */
  addNote(subject: SubjectType, id: string, text: string, by: Actor): Promise<TimelineEntry>;
  /** Takes a note away. Throws `CONTACT_NOT_FOUND`, `COMPANY_NOT_FOUND`, `NOTE_NOT_FOUND`. */
  deleteNote(subject: SubjectType, id: string, noteId: string): Promise<void>;
}

/** Creates the timelines of contacts and companies. */
export function createTimeline(database: Database): Timeline {
  return {
    async list(subject, id, page) {
      const record = await requireRecord(kindNamed(subject), database, id);
      const load = (before: string | undefined, limit: number) =>
        listEntries(database, record.id, before, limit);
      return readPage(
        `timeline:${record.id}`,
        page,
        byId((entry) => entry.id),
        load,
      );
    },

    addNote: (subject, id, given, by) =>
      changeRecords(database, async (tx) => {
        const { text, fault } = keepText(given, maxNoteLength);
        if (text === undefined) throw validationFailed([{ path: '/text', message: fault }]);
        // Held, so that no note is left behind by the deletion of its record.
        const record = await lockRecord(kindNamed(subject), tx, id);
        const about = { subject_type: subject, subject_id: record.id };
        const [note] = await insertEntries(tx, [{ ...about, kind: 'note', text }], by);
        if (note === undefined) throw new TypeError('an inserted note was not returned');
        const data = { note_id: note.id, ...about, text };
        tx.emit(noteAdded, data, { subject: record.id });
        tx.audit({ action: 'note.added', subjectType: 'note', subjectId: note.id, after: data });
        return note;
      }),

    deleteNote: (subject, id, noteId) =>
      changeRecords(database, async (tx) => {
        // Held, so that no note is left behind by the deletion of its record.
        const record = await lockRecord(kindNamed(subject), tx, id);
        const note = await deleteNote(tx, record.id, noteId);
        if (note === undefined) throw crmError('NOTE_NOT_FOUND', { id, note_id: noteId });
        const data = { note_id: note.id, subject_type: subject, subject_id: record.id, text: note.text };
        tx.emit(noteDeleted, data, { subject: record.id });
        tx.audit({ action: 'note.deleted', subjectType: 'note', subjectId: note.id, before: data });
      }),
  };
}
