import Type from 'typebox';

/** Longest note, characters. */
export const maxNoteLength = 10_000;

/** What a note is added with. */
export const NoteInput = Type.Object(
  { text: Type.String({ minLength: 1, maxLength: maxNoteLength }) },
  { title: 'NoteInput', additionalProperties: false },
);
