/**
 * What changed, in the words of the plugin. Who, when, from where and the request id are the core's to add.
 * Values of fields whose name says secret (`password`, `token`, `secret`, `api_key`, ...) are masked.
 */
export interface AuditEntry {
  /** `noun.past`, as the event of the same change. */
  readonly action: string;
  /** Kind of record, singular: `contact`. */
  readonly subjectType: string;
  readonly subjectId: string;
  /** State before; absent for a creation. */
  readonly before?: Readonly<Record<string, unknown>>;
  /** State after; absent for a deletion. */
  readonly after?: Readonly<Record<string, unknown>>;
}
