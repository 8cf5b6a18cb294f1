import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { productNodeOptions, startProcess } from '@orchestrall/core/testing';
import { expect, test } from 'vitest';
import { eventually } from '../support.ts';
import { connected, startOutside } from './support.ts';
import type { Answer } from './support.ts';

const launcher = fileURLToPath(new URL('../../../../core/launch.js', import.meta.url));
const execute = promisify(execFile);
/** How often the appliance is killed; `SYNC_RUNS` sets more. */
const kills = Math.max(3, Math.round(Number(process.env['SYNC_RUNS'] ?? 0) / 25));
const count = 200;

/** An appliance in a process of its own, to be killed. */
class Appliance {
  readonly #data: string;
  #started: Awaited<ReturnType<typeof startProcess>> | undefined;
  #token = '';

  constructor(data: string) {
    this.#data = data;
  }

  async start(): Promise<void> {
    const config = join(this.#data, 'client.yaml');
    const parameters = ['start', '--data', this.#data, '--port', '0', '--config', config];
    this.#started = await startProcess(launcher, parameters, { nodeOptions: productNodeOptions });
    const { stdout } = await execute(process.execPath, [
      launcher,
      'token',
      '--data',
      this.#data,
      '--role',
      'admin',
    ]);
    this.#token = stdout.trim();
  }

  async send(method: string, path: string, body?: object): Promise<Answer['body']> {
    const response = await fetch(`${this.#started?.url}/api/v1/crm${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json', 'if-match': '*' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return response.json();
  }

  async all(kind: string): Promise<Answer['body'][]> {
    const items: Answer['body'][] = [];
    for (let cursor = ''; ;) {
      const page = await this.send('GET', `/${kind}?limit=200${cursor}`);
      items.push(...page.items);
      if (page.next_cursor === null) return items;
      cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`;
    }
  }

  /** Ends it as a power cut does, by its own id. */
  async kill(): Promise<void> {
    const { pid = 0 } = this.#started ?? {};
    process.kill(pid, 'SIGKILL');
    await this.#started?.[Symbol.asyncDispose]();
  }

  async stop(): Promise<void> {
    await this.#started?.[Symbol.asyncDispose]();
  }
}

function told(each: Answer['body']): string {
  return `${each.name} ${each.phone} ${each.website}`;
}

test(
  'killed in the middle of load, pull and push, both sides converge and nothing is doubled',
  { timeout: 600_000 + kills * 60_000 },
  async () => {
    await using outside = await startOutside();
    const { org, standIn } = outside;
    standIn.bulk.partRows = 25;
    for (let index = 0; index < count; index += 1) {
      const { id } = org.create('Account', { Name: `Account ${index}` });
      org.create('Contact', { LastName: `Contact ${index}`, Email: `c${index}@x.example`, AccountId: id });
    }
    outside.tick();
    const data = await mkdtemp(join(tmpdir(), 'orchestrall-exchange-'));
    const client = { client: { id: 'test' }, ...connected(standIn.url) };
    await writeFile(join(data, 'client.yaml'), JSON.stringify(client));
    const appliance = new Appliance(data);
    try {
      await appliance.start();
      const pushed = { push: 'create_and_update', external_id_field: 'Orchestrall_Id__c' };
      await appliance.send('PUT', '/sync/mapping', { overrides: { Account: pushed, Contact: pushed } });
      await appliance.send('POST', '/sync/runs', {});
      for (let kill = 1; kill <= kills; kill += 1) {
        // Somewhere in what the run has still to do: requests go on as it does.
        const from = standIn.requests.length;
        await eventually(async () =>
          standIn.requests.length >= from + 4 + ((kill * 5) % 13) ? true : undefined,
        );
        await appliance.kill();
        for (const [index, { id }] of org.visible('Account').entries())
          if (index % kills === kill - 1) org.update('Account', id, { Phone: `+49 30 ${1000 + kill}` });
        await appliance.start();
        const [company] = (await appliance.all('companies')).slice(-1);
        if (company !== undefined)
          await appliance.send('PATCH', `/companies/${company.id}`, { website: `https://k${kill}.example` });
        await appliance.send('POST', '/companies', { name: `Made ${kill}` });
        await appliance.send('POST', '/sync/runs', {});
      }
      await eventually(async () => {
        const { open_run, waiting_changes } = await appliance.send('GET', '/sync');
        if (open_run === null && waiting_changes > 0) await appliance.send('POST', '/sync/runs', {});
        return open_run === null && waiting_changes === 0 ? true : undefined;
      });
      const { id } = await appliance.send('POST', '/sync/runs', {});
      await eventually(
        async () => (await appliance.send('GET', `/sync/runs/${id}`)).finished_at ?? undefined,
      );
      const companies = await appliance.all('companies');
      const accounts = org.visible('Account');
      const theirs = accounts.map(({ fields }) =>
        told({ name: fields['Name'], phone: fields['Phone'] ?? null, website: fields['Website'] ?? null }),
      );
      expect(companies.map(told).toSorted()).toEqual(theirs.toSorted());
      expect(companies).toHaveLength(count + kills);
      expect(await appliance.all('contacts')).toHaveLength(count);
      const { rejections, open_conflicts } = await appliance.send('GET', '/sync');
      expect({ rejections, open_conflicts }).toEqual({ rejections: 0, open_conflicts: 0 });
    } finally {
      await appliance.stop();
      await rm(data, { recursive: true, force: true });
    }
  },
);
