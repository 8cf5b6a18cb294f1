// The records of a large sales team from a generator with a fixed seed, imported as CSV by the real process: how fast;
// then its lists, filters, timelines, forecasts and searches, also at the last page and by callers who see the records of
// their team or their own only: p50 and p95 of single requests; at the end the plans of their statements and the
// storage. BENCH_CONTACTS sets the size, the other kinds follow from it. A run of the whole size writes
// docs/reference/crm-plans.md, any other where BENCH_PLANS says.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { figure, openDataFolder, report } from '@orchestrall/core/testing';
import type { BenchRow, DataFolderDatabase } from '@orchestrall/core/testing';
import { createApplianceFolder } from './appliance-process.ts';
import type { ApplianceProcess } from './appliance-process.ts';
import { importFile } from './import-file.ts';
import { accessYaml, busyRecordsOf, callerId, countSeen, joinTeam, sights } from './scale/callers.ts';
import { activityLines, companyLines, contactLines, dealLines, piecesOf } from './scale/generate.ts';
import type { Owners, Sizes } from './scale/generate.ts';
import { measureRequests, walk } from './scale/measure-requests.ts';
import { logPlans, plansPage, readPlans } from './scale/plans.ts';
import type { RequestPlans } from './scale/plans.ts';
import { requestKinds } from './scale/requests.ts';
import type { RequestKind } from './scale/requests.ts';
import { storageOf } from './scale/storage.ts';

const wholeSize = 1_000_000;
const contacts = Number(process.env['BENCH_CONTACTS'] ?? wholeSize);
const requests = Number(process.env['BENCH_REQUESTS_EACH'] ?? (contacts < 100_000 ? 20 : 100));
const page = fileURLToPath(new URL('../../../docs/reference/crm-plans.md', import.meta.url));
const plansFile = process.env['BENCH_PLANS'] ?? (contacts === wholeSize ? page : undefined);
const sizes: Sizes = {
  contacts,
  companies: contacts / 5,
  deals: (contacts * 3) / 10,
  activities: contacts * 3,
};
const team = 'team-0';
const clientYaml = `client: { id: scale, name: Scale }
security: { rate_limit: { requests_per_minute: 1000000, burst_size: 100000 } }
features:
  crm_integration:
    enabled: true
    config:
${accessYaml.replaceAll(/^(?=.)/gm, '      ')}`;

async function load(appliance: ApplianceProcess, object: string, key: string, lines: Iterable<string>) {
  const query = `object=${object}${key === '' ? '' : `&key=${key}`}&missing_references=fail`;
  const { ended, seconds } = await importFile(appliance, piecesOf(lines), query, 'admin');
  if (ended.status !== 'completed' || ended.rows_failed > 0) {
    throw new Error(`${object} were not imported: ${JSON.stringify(ended)}`);
  }
  const rate = ended.rows_total / seconds;
  process.stdout.write(`${object} are imported\n`);
  const name = `import, ${Number(ended.rows_total).toLocaleString('en')} ${object}`;
  return figure(name, rate, 'rows/s', '>= 5,000', rate >= 5_000);
}

/** Looks for duplicates of what was imported, so that it is over when requests are measured. */
async function sweep(appliance: ApplianceProcess, database: DataFolderDatabase): Promise<BenchRow> {
  const headers = await appliance.authorization('admin');
  const begunAt = performance.now();
  const response = await fetch(`${appliance.url}/api/v1/crm/duplicates/sweep`, { method: 'POST', headers });
  if (!response.ok) throw new Error(`no sweep: ${response.status} ${await response.text()}`);
  for (;;) {
    const [left] = await database.query('select from plugin_crm.match_queue limit 1');
    if (left === undefined) break;
    await pause(500);
  }
  return figure('duplicates of all found after the imports', (performance.now() - begunAt) / 1_000, 's');
}

const rows: BenchRow[] = [];
await using folder = await createApplianceFolder(clientYaml);
const measured: (readonly [role: string, kinds: readonly RequestKind[]])[] = [];
{
  await using appliance = await folder.start();
  // The caller of local tokens is one of the owners, so that it has records of its own to see.
  const user = await callerId(appliance);
  const owners: Owners = {
    users: [user, ...Array.from({ length: 49 }, (_, index) => `user-${index}`)],
    teams: Array.from({ length: 10 }, (_, index) => `team-${index}`),
  };
  await using database = await openDataFolder(folder.data);
  await joinTeam(database, user, team);
  rows.push(await load(appliance, 'companies', 'domain', companyLines(sizes, owners)));
  rows.push(await load(appliance, 'contacts', 'email', contactLines(sizes, owners)));
  rows.push(await load(appliance, 'deals', 'external_id', dealLines(sizes, owners)));
  rows.push(await load(appliance, 'activities', '', activityLines(sizes, owners)));
  rows.push(await sweep(appliance, database));
  await database.query('vacuum analyze');
  for (const [role, condition] of sights) {
    const busy = await busyRecordsOf(database, condition, user, team);
    const seen = (table: string) => countSeen(database, table, condition, user, team);
    const lists = [
      { name: 'contacts by last name', path: '/contacts?sort=last_name', records: await seen('contacts') },
      { name: 'companies by name', path: '/companies?sort=name', records: await seen('companies') },
      { name: 'deals by amount', path: '/deals?sort=amount', records: await seen('deals') },
    ];
    const ends: RequestKind[] = [];
    for (const list of lists) ends.push(await walk(appliance, role, list));
    const kinds = [...requestKinds(busy), ...ends];
    measured.push([role, kinds]);
    rows.push(...(await measureRequests(appliance, role, kinds, requests)));
  }
  rows.push(...(await storageOf(database)));
  await logPlans(database);
}
await using explaining = await folder.start();
const plans: RequestPlans[] = [];
for (const [role, kinds] of measured) plans.push(...(await readPlans(explaining, role, kinds)));
const scanning = plans.filter(({ scanned }) => scanned.length > 0);
for (const { name, scanned } of scanning)
  process.stdout.write(`${name} reads all of ${scanned.join(', ')}\n`);
rows.push(
  figure('kinds of requests explained', plans.length, 'kinds'),
  // Of small tables a plan reads all, and rightly.
  contacts < 100_000
    ? figure('of them that read a whole table', scanning.length, 'kinds')
    : figure('of them that read a whole table', scanning.length, 'kinds', '0', scanning.length === 0),
);
if (plansFile !== undefined) await writeFile(plansFile, plansPage(contacts, plans));
report(rows);
