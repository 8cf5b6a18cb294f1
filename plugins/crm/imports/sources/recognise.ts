import { foldAccents } from '@orchestrall/sdk/resources';
import { google } from './google.ts';
import { hubspot } from './hubspot.ts';
import { outlook } from './outlook.ts';
import { salesforce } from './salesforce.ts';
import type { Source, SourceColumns, Target } from './source.ts';

/** Systems whose files are known, in the order in which they are preferred where a file could be of several. */
const sources: readonly Source[] = [salesforce, hubspot, google, outlook];

/** Columns that a file must share with a system to be taken for its own. */
const leastShared = 2;

/** The targets of a system's columns for one kind of record, by their folded names. */
export type FoldedColumns = ReadonlyMap<string, readonly Target[]>;

/** The name of a column without what people write in different ways: case, accents, spaces, `_`, `-` and `.`. */
export function foldHeader(column: string): string {
  return foldAccents(column).replaceAll(/[\s_.-]+/gu, '');
}

/** A system's columns for the records of a table; empty when it has none. */
export function columnsOf(source: Source, table: string): FoldedColumns {
  return foldColumns(source.columns[table] ?? {});
}

/**
 * The system that a file comes from, told by most of its columns; undefined when it shares too few with any.
 * `plain` are the folded names that are understood without one, which tell nothing of where a file comes from.
 */
export function recogniseSource(
  table: string,
  header: readonly string[],
  plain: ReadonlySet<string>,
): Source | undefined {
  const names = header.map(foldHeader);
  let best: { readonly source: Source; readonly telling: number; readonly shared: number } | undefined;
  for (const source of sources) {
    const columns = columnsOf(source, table);
    const known = names.filter((name) => columns.has(name));
    const shared = known.length;
    const telling = known.filter((name) => !plain.has(name)).length;
    if (telling === 0 || shared < leastShared) continue;
    if (best === undefined || shared > best.shared || (shared === best.shared && telling > best.telling))
      best = { source, telling, shared };
  }
  return best?.source;
}

function foldColumns(columns: SourceColumns): FoldedColumns {
  const folded = new Map<string, readonly Target[]>();
  for (const [name, targets] of Object.entries(columns))
    folded.set(foldHeader(name), typeof targets === 'string' ? [targets] : targets);
  return folded;
}
