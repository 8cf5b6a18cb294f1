import { AppError, validationFailed } from '@orchestrall/sdk';
import type { Caller, Database, Transaction } from '@orchestrall/sdk';
import { changeRecords } from '@orchestrall/sdk/resources';
import type { Kept, ListRequest, Page } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import { tagRenamed } from '../contract.ts';
import { crmError } from '../errors.ts';
import { keepTag } from '../fields/tag.ts';
import { tablesByKind } from '../kinds.ts';
import type { Kinds } from '../kinds.ts';
import type { Access } from '../records/access.ts';
import type { CommonFields, RecordKind, TableName } from '../records/kind.ts';
import { maxRecordsPerRequest } from '../records/request-bound.ts';
import { lockWhere } from '../records/store.ts';
import { editRecords } from '../records/write.ts';
import type { TagCount } from './schemas.ts';
import { listTags } from './store.ts';

/** The tags that records carry; a tag exists as long as a record carries it. */
export interface Tags {
  /** By name, on the records that the caller sees. Throws `CURSOR_INVALID`. */
  list(page: Pick<ListRequest, 'cursor' | 'limit'>, by: Caller): Promise<Page<TagCount>>;
  /**
   * Renames a tag on every record that the caller sees and may write; one that carries both names keeps one of them.
   * Gives how many records changed.
   * Throws `VALIDATION_FAILED`, `TAG_NOT_FOUND`, `TOO_MANY_RECORDS`.
   */
  rename(from: string, to: string, by: Caller): Promise<TagCount>;
}

const tables = Object.values(tablesByKind);

/** Creates the service of tags. */
export function createTagService(
  kinds: Kinds,
  { database, access }: { readonly database: Database; readonly access: Access },
): Tags {
  return {
    list(page, by) {
      const carriers = tables.map((table) => {
        const { condition, hidden } = access.viewOf(by, kinds[table].name);
        return { table, visible: hidden.has('tags') ? sql`false` : condition };
      });
      return listTags(database, carriers, page);
    },

    rename: (given, wanted, by) =>
      changeRecords(database, async (tx) => {
        const from = requireTag(given, '/params/tag');
        const to = requireTag(wanted, '/name');
        const carrying = sql`tags @> array[${from}]::text[]`;
        const renamed = (before: Kept<CommonFields>) => {
          const tags = new Set(before.tags.map((tag) => (tag === from ? to : tag)));
          return { before, fields: { ...before, tags: [...tags].toSorted() } };
        };
        const counts = { contacts: 0, companies: 0, deals: 0, activities: 0 };
        let left = maxRecordsPerRequest;
        let everyone = true;
        for (const table of tables) {
          const kind: RecordKind = kinds[table];
          const { condition, hidden, readOnly } = access.viewOf(by, kind.name);
          if (hidden.has('tags') || readOnly.has('tags')) continue;
          const seen = condition === undefined ? carrying : sql`${carrying} and ${condition}`;
          const carriers = await lockWhere(kind, tx, seen, left + 1);
          if (carriers.length > left) {
            throw crmError('TOO_MANY_RECORDS', {
              records: `more than ${maxRecordsPerRequest}`,
              limit: maxRecordsPerRequest,
            });
          }
          left -= carriers.length;
          counts[table] = carriers.length;
          requireAll(await editRecords(kind, tx, carriers.map(renamed), by));
          everyone &&= carriers.every((record) => kind.audienceOf?.(record) === undefined);
        }
        if (left === maxRecordsPerRequest) throw crmError('TAG_NOT_FOUND', { tag: from });
        // Of a tag that not everybody may see, they are told by the records' own events.
        if (from !== to)
          announce(tx, { from, to, ...counts }, everyone ? undefined : ['admin', `user:${by.id}`]);
        return { name: to, ...counts };
      }),
  };
}

function announce(
  tx: Transaction,
  data: Record<TableName, number> & { readonly from: string; readonly to: string },
  visibleTo: readonly string[] | undefined,
): void {
  tx.emit(tagRenamed, data, { subject: data.from, ...(visibleTo === undefined ? {} : { visibleTo }) });
  tx.audit({
    action: 'tag.renamed',
    subjectType: 'tag',
    subjectId: data.from,
    before: { name: data.from },
    after: { name: data.to },
  });
}

function requireTag(given: string, path: string): string {
  const { text, fault } = keepTag(given);
  if (text === undefined) throw validationFailed([{ path, message: fault }]);
  return text;
}

function requireAll(results: readonly object[]): void {
  for (const result of results) if (result instanceof AppError) throw result;
}
