// The records of a large sales team from a generator with a fixed seed, imported as CSV by the real process: how fast;
// then its lists, filters and searches, also at the last page and by a caller who sees its own records only: p50 and
// p95 of single requests; at the end the storage. BENCH_CONTACTS sets the size, the other kinds follow from it.
import { figure, openDataFolder, report } from '@orchestrall/core/testing';
import type { BenchRow } from '@orchestrall/core/testing';
import { startApplianceProcess } from './appliance-process.ts';
import type { ApplianceProcess } from './appliance-process.ts';
import { importFile } from './import-file.ts';
import { companyLines, contactLines, piecesOf } from './scale/generate.ts';
import type { Owners, Sizes } from './scale/generate.ts';
import { measureRequests, walk } from './scale/measure-requests.ts';
import { requestKinds } from './scale/requests.ts';
import { storageOf } from './scale/storage.ts';

const contacts = Number(process.env['BENCH_CONTACTS'] ?? 1_000_000);
const requests = Number(process.env['BENCH_REQUESTS_EACH'] ?? 100);
const sizes: Sizes = {
  contacts,
  companies: contacts / 5,
  deals: (contacts * 3) / 10,
  activities: contacts * 3,
};
// The local caller of `npm run token` is one of the owners, so that it has records of its own to see.
const owners: Owners = {
  users: ['orchestrall-local', ...Array.from({ length: 49 }, (_, index) => `user-${index}`)],
  teams: Array.from({ length: 10 }, (_, index) => `team-${index}`),
};
const clientYaml = `client: { id: scale, name: Scale }
security: { rate_limit: { requests_per_minute: 1000000, burst_size: 100000 } }
features:
  crm_integration:
    enabled: true
    config:
      access:
        viewer:
          contacts: { records: own }
          companies: { records: own }
`;

async function load(appliance: ApplianceProcess, object: string, key: string, lines: Iterable<string>) {
  const { ended, seconds } = await importFile(appliance, piecesOf(lines), `object=${object}&key=${key}`);
  if (ended.status !== 'completed' || ended.rows_failed > 0) {
    throw new Error(`${object} were not imported: ${JSON.stringify(ended)}`);
  }
  const rate = ended.rows_total / seconds;
  const name = `import, ${Number(ended.rows_total).toLocaleString('en')} ${object}`;
  return figure(name, rate, 'rows/s', '>= 5,000', rate >= 5_000);
}

const rows: BenchRow[] = [];
await using appliance = await startApplianceProcess(clientYaml);
rows.push(await load(appliance, 'companies', 'domain', companyLines(sizes, owners)));
rows.push(await load(appliance, 'contacts', 'email', contactLines(sizes, owners)));
await using database = await openDataFolder(appliance.data);
await database.query('vacuum analyze');
const ends = [
  await walk(appliance, {
    name: 'contacts by last name',
    path: '/contacts?sort=last_name',
    records: sizes.contacts,
  }),
  await walk(appliance, {
    name: 'companies by name',
    path: '/companies?sort=name',
    records: sizes.companies,
  }),
];
rows.push(...(await measureRequests(appliance, 'admin', [...requestKinds, ...ends], requests)));
rows.push(...(await measureRequests(appliance, 'viewer', requestKinds, requests)));
rows.push(...(await storageOf(database)));
report(rows);
