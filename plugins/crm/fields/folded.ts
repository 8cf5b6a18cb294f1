import { cut, foldAccents, foldCase, maxKeyLength } from '@orchestrall/sdk/resources';
import type { FoldedColumn } from '@orchestrall/sdk/resources';

/** A name in the form by which it is sorted and compared: without case, accents and doubled spaces. */
export function foldName(name: string): string {
  return cut(foldAccents(name).replaceAll(/\s+/gu, ' '), maxKeyLength);
}

/** The column of folded names beside the one of this name. */
export function foldedName(field: string): FoldedColumn {
  return { column: `${field}_key`, fold: foldName };
}

/** An e-mail in the form in which two spellings are the same. */
export function foldEmail(email: string): string {
  return cut(foldCase(email), maxKeyLength);
}
