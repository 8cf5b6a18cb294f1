import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { spawnProduct, startProduct, testFolder, unlimitedClient } from './process.ts';
import type { RunningAppliance } from './process.ts';
import { takeStock } from './stock.ts';

/** How an appliance is killed. */
export interface KillOptions {
  readonly kills: number;
  /** Clients that create and change contacts one after the other. */
  readonly writers: number;
  readonly rowsPerImport: number;
  /** Longest time from being ready to the kill, milliseconds; each one is random. */
  readonly longestMs: number;
}

/** What was promised to callers before they lost the connection. */
export interface Promised {
  /** Highest acknowledged version of each contact, by id. */
  readonly contacts: Map<string, number>;
  /** Acknowledged imports, each with the domain that its rows' e-mails have. */
  readonly imports: Map<string, string>;
}

/** What was found in the end. */
export interface KillReport {
  readonly acknowledgedContacts: number;
  readonly acknowledgedImports: number;
  readonly contacts: number;
  readonly events: number;
  /** One sentence for each promise that was not kept. */
  readonly faults: readonly string[];
}

const plugins = join(import.meta.dirname, 'fixtures', 'plugins');

/**
 * Kills a real appliance with SIGKILL at random moments while contacts are written and files imported, starting it
 * again on the same data each time; then compares what is there with what was acknowledged.
 */
export async function killUnderWrites(options: KillOptions): Promise<KillReport> {
  await using folder = await testFolder();
  const client = `${unlimitedClient}  ledger: true\nplugins: { paths: ["${plugins}"] }\n`;
  const parameters = ['--config', await folder.write('client.yaml', client)];
  const data = join(folder.path, 'data');
  const promised: Promised = { contacts: new Map(), imports: new Map() };
  for (let round = 0; round < options.kills; round += 1) {
    if (round % 5 === 2) await killStarting(data, parameters);
    await using appliance = await startProduct(data, parameters);
    await appliance.token();
    const work = [importWhenIdle(appliance, promised, round, options.rowsPerImport)];
    for (let writer = 0; writer < options.writers; writer += 1) {
      work.push(writeUntilCut(appliance, promised, `${round}-${writer}`));
    }
    await pause(Math.random() * options.longestMs);
    process.kill(appliance.pid, 'SIGKILL');
    await Promise.all([appliance.ended, ...work]);
  }
  await using appliance = await startProduct(data, parameters);
  return await takeStock(appliance, promised, options.rowsPerImport);
}

/** Kills a start before it is ready, in most cases. */
async function killStarting(data: string, parameters: readonly string[]): Promise<void> {
  const starting = spawnProduct('start', ['--data', data, '--port', '0', ...parameters]);
  await pause(300 + Math.random() * 1_000);
  starting.child.kill('SIGKILL');
  await starting.ended;
}

/** Creates a contact and changes it, again and again; remembers only what was acknowledged. */
async function writeUntilCut(appliance: RunningAppliance, promised: Promised, name: string): Promise<void> {
  try {
    for (let number = 0; ; number += 1) {
      const made = await appliance.request('POST', '/api/v1/crm/contacts', {
        email: `${number}@writer-${name}.example.com`,
      });
      const { id } = await acknowledged(made, 201, promised);
      const changed = await appliance.request(
        'PATCH',
        `/api/v1/crm/contacts/${id}`,
        { last_name: name },
        { 'if-match': '"1"' },
      );
      await acknowledged(changed, 200, promised);
    }
  } catch (error) {
    if (error instanceof WrongAnswer) throw error;
  }
}

async function acknowledged(
  response: Response,
  status: number,
  { contacts }: Promised,
): Promise<{ id: string }> {
  const text = await response.text();
  if (response.status !== status) throw new WrongAnswer(`${response.status} ${text}`);
  const { id, version } = JSON.parse(text) as { id: string; version: number };
  contacts.set(id, version);
  return { id };
}

/** Sends a file when no import is under way. */
async function importWhenIdle(
  appliance: RunningAppliance,
  promised: Promised,
  round: number,
  rows: number,
): Promise<void> {
  try {
    const list = await appliance.request('GET', '/api/v1/crm/imports?limit=1');
    const { items } = (await list.json()) as { items: { finished_at: string | null }[] };
    if (items[0]?.finished_at === null) return;
    const domain = `import-${round}.example.com`;
    const lines = Array.from({ length: rows }, (_, row) => `${row}@${domain},"Row, ${row}"\n`);
    const sent = await appliance.request(
      'POST',
      '/api/v1/crm/imports?object=contacts&key=email',
      `email,last_name\n${lines.join('')}`,
      { 'content-type': 'text/csv' },
    );
    const text = await sent.text();
    if (sent.status !== 202) throw new WrongAnswer(`${sent.status} ${text}`);
    promised.imports.set((JSON.parse(text) as { id: string }).id, domain);
  } catch (error) {
    if (error instanceof WrongAnswer) throw error;
  }
}

/** An answer that no caller should get, as opposed to none. */
class WrongAnswer extends Error {}
