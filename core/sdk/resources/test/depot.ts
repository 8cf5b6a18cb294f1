import { setTimeout as pause } from 'node:timers/promises';
import { join } from 'node:path';
import { createTestAppliance } from '../../../testing/appliance.ts';
import type { RequestOptions, TestAppliance, TestApplianceOptions } from '../../../testing/appliance.ts';

/** Folder of the depot, a plugin of two plain resources. */
export const fixtures = join(import.meta.dirname, 'fixtures');

/** A client with the depot on, and rate limits that no test reaches. */
export const depotClient = {
  features: { depot: true },
  security: { jwt_expiry: 86_400, rate_limit: { requests_per_minute: 10_000_000, burst_size: 10_000_000 } },
};

export const parcels = '/api/v1/depot/parcels';
export const shelves = '/api/v1/depot/shelves';

/** A parcel as it is answered. */
export interface Parcel {
  readonly id: string;
  readonly code: string;
  readonly weight: number | null;
  readonly count: number | null;
  readonly version: number;
}

/** Starts an appliance with the depot. */
export async function startDepot(options: TestApplianceOptions = {}): Promise<TestAppliance> {
  return createTestAppliance({ configuration: depotClient, repository: fixtures, ...options });
}

/** What came back. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

type Sender = Pick<TestAppliance, 'request'>;

/** Sends a request and reads its answer. */
export async function ask(
  world: Sender,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<Answered> {
  const answer = await world.request(method, path, options);
  const text = await answer.text();
  const body: unknown = text === '' ? {} : JSON.parse(text);
  return { status: answer.status, headers: answer.headers, body: body as Record<string, unknown> };
}

/** Creates a parcel. */
export async function createParcel(world: Sender, body: object): Promise<Parcel> {
  const { status, body: made } = await ask(world, 'POST', parcels, { body });
  if (status !== 201) throw new Error(JSON.stringify(made));
  return made as unknown as Parcel;
}

/** Every parcel of a list. */
export async function allParcels(
  world: Sender,
  query: Readonly<Record<string, string>> = {},
): Promise<Parcel[]> {
  const items: Parcel[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const asked = new URLSearchParams({ limit: '200', ...query, ...(cursor === '' ? {} : { cursor }) });
    const page: { items: Parcel[]; next_cursor: string | null } = (
      await ask(world, 'GET', `${parcels}?${asked.toString()}`)
    ).body as never;
    items.push(...page.items);
    cursor = page.next_cursor;
  }
  return items;
}

/** The bulk change once it has ended; looked at again and again, since an HTTP client has nothing else to wait for. */
export async function ended(world: Sender, path: string): Promise<Readonly<Record<string, unknown>>> {
  for (;;) {
    const { body } = await ask(world, 'GET', path);
    if (body['finished_at'] !== null) return body;
    await pause(20);
  }
}
