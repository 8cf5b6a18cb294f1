import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { ApplianceProcess } from './appliance-process.ts';

const path = '/api/v1/crm/imports';

/** Sends a file; resolves with the import that it began. */
export async function sendFile(
  url: string,
  headers: Record<string, string>,
  pieces: Iterable<string>,
  query: string,
) {
  const response = await fetch(`${url}${path}?${query}`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'text/csv' },
    body: Readable.toWeb(Readable.from(pieces)),
    duplex: 'half',
  });
  const begun = JSON.parse(await response.text());
  if (response.status !== 202) throw new Error(`the file was refused: ${JSON.stringify(begun)}`);
  return begun;
}

/** Sends a file and waits for the end of its import; resolves with the import as it is answered, and its time. */
export async function importFile(
  appliance: ApplianceProcess,
  pieces: Iterable<string>,
  query = 'object=contacts&key=email',
  role = 'operator',
) {
  // A token costs a process of its own, which is no part of the import.
  let headers = await appliance.authorization(role);
  const begunAt = Date.now();
  let current = await sendFile(appliance.url, headers, pieces, query);
  while (current.finished_at === null) {
    await pause(1_000);
    const answer = await fetch(`${appliance.url}${path}/${current.id}`, { headers });
    if (answer.status === 401) headers = await appliance.authorization(role);
    else if (answer.ok) current = JSON.parse(await answer.text());
    else throw new Error(`the import cannot be read: ${await answer.text()}`);
  }
  return { ended: current, seconds: (Date.parse(current.finished_at) - begunAt) / 1_000 };
}
