import { changing } from './changing.ts';
import { importing } from './importing.ts';
import { owning } from './owning.ts';
import { reading } from './reading.ts';
import { relating } from './relating.ts';
import { telling } from './telling.ts';
import type { Way } from './way.ts';

/** Every way to reach a record. */
export const ways: readonly Way[] = [
  ...reading,
  ...relating,
  ...changing,
  ...owning,
  ...importing,
  ...telling,
];

/** Routes that lead to no record, by what they begin with; each says why. */
export const withoutRecords: Readonly<Record<string, string>> = {
  '/api/v1/crm/custom-fields': 'definitions; what is told of hidden ones stands in custom-fields.test.ts',
  '/api/v1/crm/pipelines': 'stages; everybody reads them, administrators write',
  '/api/v1/crm/products': 'everybody reads them, operators write',
};

/** Routes that give nobody more than the ways do, and why. */
export const besides: Readonly<Record<string, string>> = {
  'PATCH /api/v1/crm/imports/{id}': 'answers the import, as reading it does',
  'POST /api/v1/crm/imports/{id}/start': 'answers the import, as reading it does',
  'POST /api/v1/crm/imports/{id}/cancel': 'answers the import, as reading it does',
  'PATCH /api/v1/crm/lists/{id}': 'the list, never its members; its owner alone',
  'DELETE /api/v1/crm/lists/{id}': 'the list, never its members; its owner alone',
  'POST /api/v1/crm/lists/batch': 'the list, never its members; its owner alone',
  'PATCH /api/v1/crm/views/{id}': 'its owner alone',
  'DELETE /api/v1/crm/views/{id}': 'its owner alone',
  'POST /api/v1/crm/views/batch': 'its owner alone',
  'PUT /api/v1/crm/views/{id}/default': 'answers nothing',
  'DELETE /api/v1/crm/views/{id}/default': 'answers nothing',
};

/** Those of these routes that have no place yet. */
export function unplaced(routes: readonly string[]): string[] {
  const placed = new Set([...ways.flatMap((way) => way.routes), ...Object.keys(besides)]);
  const prefixes = Object.keys(withoutRecords);
  return routes.filter(
    (route) => !placed.has(route) && !prefixes.some((prefix) => route.split(' ')[1]?.startsWith(prefix)),
  );
}
