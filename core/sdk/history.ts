/** One thing that the core keeps of what a plugin has told: an event, an event no handler could take, or an audit entry. */
export interface HistoryItem {
  readonly kind: 'event' | 'dead_letter' | 'audit_entry';
  /** Of the event or the audit entry; dead letters have the id of their event. */
  readonly id: string;
  /** Type of the event, or action of the entry. */
  readonly name: string;
  /** What it is about: `subject` of events, `subjectId` of audit entries. */
  readonly subject: string | null;
  /** RFC 3339, UTC, milliseconds. */
  readonly at: string;
  /** Data of the event, or `before` and `after` of the entry. */
  readonly content: unknown;
}

/** Which items are looked for: those about a subject, and those whose content holds a text. */
export interface HistorySearch {
  /** Up to 10,000. */
  readonly subjects?: readonly string[];
  /** A regular expression of PostgreSQL, compared without case with the content as JSON text. */
  readonly pattern?: string;
}

/** What the core keeps of this plugin's own events and audit entries, whoever may see them. */
export interface History {
  /**
   * Everything that fits, oldest first within each kind, read some thousand rows at a time. All of the plugin's
   * history is gone through, which takes minutes for millions of items: meant for jobs.
   */
  find(search: HistorySearch): AsyncIterable<HistoryItem>;
}
