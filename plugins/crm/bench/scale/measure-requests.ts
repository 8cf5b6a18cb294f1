import { figure, percentile } from '@orchestrall/core/testing';
import type { BenchRow } from '@orchestrall/core/testing';
import type { ApplianceProcess } from '../appliance-process.ts';
import { createPicker, createRandom } from './random.ts';
import type { RequestKind } from './requests.ts';

/** Requests of a kind that are sent before those that count. */
const warmUps = 5;

/** Sends requests of each kind one after another as a role; p50 and p95 of each, held to 100 ms. */
export async function measureRequests(
  appliance: ApplianceProcess,
  role: string,
  kinds: readonly RequestKind[],
  count: number,
): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const kind of kinds) {
    const headers = await appliance.authorization(role);
    const pick = createPicker(createRandom(7));
    const times: number[] = [];
    for (let index = 0; index < warmUps + count; index += 1) {
      const path = kind.path(pick);
      const begunAt = performance.now();
      const response = await fetch(`${appliance.url}/api/v1/crm${path}`, { headers });
      const text = await response.text();
      const ms = performance.now() - begunAt;
      if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`);
      if (index >= warmUps) times.push(ms);
    }
    const name = `${kind.name}, as ${role}`;
    const p95 = percentile(times, 95);
    rows.push(figure(`${name}, p50`, percentile(times, 50), 'ms'));
    rows.push(figure(`${name}, p95`, p95, 'ms', '< 100', p95 < 100));
  }
  return rows;
}

/** A list that is walked over. */
export interface WalkedList {
  readonly name: string;
  /** Below `/api/v1/crm`. */
  readonly path: string;
  /** As many as it must have. */
  readonly records: number;
}

/**
 * Walks over a list from its first to its last page, and gives the request of the last one. Throws when it does not
 * meet as many records as there are.
 */
export async function walk(
  appliance: ApplianceProcess,
  role: string,
  list: WalkedList,
): Promise<RequestKind> {
  let headers = await appliance.authorization(role);
  const first = `${list.path}${list.path.includes('?') ? '&' : '?'}limit=200`;
  let path = first;
  let met = 0;
  for (let cursor: string | null = ''; cursor !== null;) {
    const here = cursor === '' ? first : `${first}&cursor=${cursor}`;
    const response = await fetch(`${appliance.url}/api/v1/crm${here}`, { headers });
    if (response.status === 401) {
      headers = await appliance.authorization(role);
      continue;
    }
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${here}: ${response.status} ${text}`);
    const page: { items: unknown[]; next_cursor: string | null } = JSON.parse(text);
    met += page.items.length;
    path = here;
    cursor = page.next_cursor;
  }
  if (met !== list.records) throw new Error(`${list.name}: met ${met} of ${list.records} records`);
  return { name: `${list.name}, the last page`, path: () => path };
}
