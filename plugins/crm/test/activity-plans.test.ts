import type { Caller } from '@orchestrall/sdk';
import type { ListRequest } from '@orchestrall/sdk/resources';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAccess } from '../access/rules.ts';
import type { AccessConfig } from '../access/config.ts';
import { createAssociationService } from '../associations/service.ts';
import { createKinds, tablesByKind } from '../kinds.ts';
import { createLists } from '../lists/service.ts';
import { anyOwner } from '../records/owners.ts';
import { createRecordService } from '../records/service.ts';
import { createTimeline } from '../timeline/service.ts';
import { explained } from './explained.ts';
import type { Plan } from './explained.ts';
import { startCrm } from './support.ts';
import type { CrmAppliance } from './support.ts';

const companyId = '01890a5d-ac96-774b-bcce-b302099a8057';
const contactId = '01890a5d-ac96-774b-bcce-b302099a8058';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm();
  const { database } = crm;
  await database.query(
    `insert into companies (id, name, name_key, search) values ($1, 'One', 'one', array_to_tsvector('{one}'))`,
    [companyId],
  );
  await database.query(
    `insert into contacts (id, first_name, first_name_key, search, company_id)
      select case n when 0 then $1::uuid else gen_random_uuid() end, 'x', 'x', array_to_tsvector('{x}'),
        case when n % 10 = 0 then $2::uuid end
      from generate_series(0, 9999) as n`,
    [contactId, companyId],
  );
  await database.query(
    `insert into activities (id, type, subject, owner_id, team_id, status, due_at, done_at, starts_at, tags, search, records)
      select gen_random_uuid(), case when n % 3 = 0 then 'task' else 'call' end, 'About ' || n, 'owner ' || n % 100,
        'team ' || n % 20, case when n % 3 = 0 then case when n % 30 = 0 then 'open' else 'done' end end,
        case when n % 3 = 0 then now() + make_interval(hours => n - 25000) end,
        case when n % 3 = 0 and n % 30 <> 0 then now() end,
        case when n % 3 <> 0 then now() - make_interval(mins => n) end,
        array['tag ' || n % 5000], array_to_tsvector(array['about' || n, 'call']),
        jsonb_build_array(jsonb_build_object('kind', 'contact', 'role', null, 'id',
          case when n % 10 = 0 then $1 when n % 10000 = 1 then $2 else md5((n % 15000)::text)::uuid::text end))
      from generate_series(1, 50000) as n`,
    [companyId, contactId],
  );
  await database.query(
    `insert into activity_records (activity_id, record_id, occurred_at)
      select activities.id, linked.id, occurred_at
      from activities, jsonb_to_recordset(records) as linked(id uuid)`,
  );
  await database.query(
    `insert into timeline_entries (id, subject_type, subject_id, kind, occurred_at)
      select gen_random_uuid(), 'contact', case when n % 10 = 0 then $1::uuid else md5((n % 15000)::text)::uuid end,
        'created', now() - make_interval(mins => n)
      from generate_series(1, 50000) as n`,
    [companyId],
  );
  await database.query(
    `insert into associations (first_kind, first_id, second_kind, second_id)
      select 'contact', id, 'company', case when random() < 0.2 then $1 else gen_random_uuid() end from contacts`,
    [companyId],
  );
  for (const table of ['activities', 'activity_records', 'timeline_entries', 'associations', 'contacts'])
    await database.query(`analyze ${table}`);
});
afterAll(() => crm[Symbol.asyncDispose]());

const by: Caller = {
  id: 'owner 7',
  kind: 'user',
  name: 'p',
  roles: ['viewer'],
  teams: ['team 7'],
  leads: [],
};
const own = { records: 'own' as const, hidden: [], read_only: [] };
const rules: readonly (readonly [string, AccessConfig])[] = [
  ['everybody', {}],
  ['those who see their own activities alone', { viewer: { activities: own } }],
];

function watched(config: AccessConfig) {
  const { database, plans } = explained(crm.database);
  const access = createAccess(config, tablesByKind);
  const kinds = createKinds(access, {});
  const lists = createLists([kinds.activities], { database, access });
  const options = { database, access, tables: tablesByKind, lists, owners: anyOwner() };
  return {
    activities: createRecordService(kinds.activities, options),
    timeline: createTimeline(kinds, options),
    associations: createAssociationService(kinds, options),
    plans,
  };
}

function expectIndexes(plans: readonly Plan[][], indexes: readonly string[]): void {
  for (const nodes of plans) {
    const read = nodes.flatMap((node) =>
      node['Node Type'] === 'Seq Scan' ? (node['Relation Name'] ?? '') : [],
    );
    // A table of one row is read as fast whole.
    expect(read.filter((table) => table !== 'companies')).toEqual([]);
  }
  const used = plans.flat().flatMap((node) => node['Index Name'] ?? []);
  expect(used).toEqual(expect.arrayContaining([...indexes]));
}

const now = new Date().toISOString();
const open = { status: 'open' };

test.each<[string, ListRequest, readonly string[]]>([
  ['the latest', { sort: '-occurred_at' }, ['activities_occurred']],
  ['the latest that were changed', { sort: '-updated_at' }, ['activities_updated']],
  ['those of an owner', { filter: { owner_id: 'owner 7' } }, ['activities_owner']],
  [
    'those of an owner by when they are due',
    { filter: { owner_id: 'owner 7' }, sort: 'due_at' },
    ['activities_owner_due'],
  ],
  ['open tasks', { filter: open, sort: 'due_at' }, ['activities_open']],
  ['what is overdue', { filter: { ...open, due_at: { lt: now } }, sort: 'due_at' }, ['activities_open']],
  [
    'what of an owner is overdue',
    { filter: { ...open, owner_id: 'owner 30', due_at: { lt: now } }, sort: '-due_at' },
    ['activities_owner_open'],
  ],
  ['those of a team', { filter: { team_id: 'team 3' } }, ['activities_team']],
  ['those with a tag', { filters: { tag: 'tag 5' } }, ['activities_tags']],
  [
    'those about a contact',
    { filters: { record_id: contactId }, sort: '-occurred_at' },
    ['activity_records_record'],
  ],
])(
  'of 50,000 activities %s are found by an index, on the first page and behind it',
  async (_, request, indexes) => {
    const { activities, plans } = watched({});
    const first = await activities.page({ ...request, limit: 3 }, by);
    expect(first.items).not.toEqual([]);
    if (first.next_cursor !== null)
      await activities.page({ ...request, limit: 3, cursor: first.next_cursor }, by);
    expectIndexes(plans, indexes);
  },
);

test.each(rules)(
  'for %s a timeline is read along two indexes, on the first page and behind it',
  async (_, config) => {
    const { timeline, plans } = watched(config);
    for (const [kind, id] of [
      ['company', companyId],
      ['contact', contactId],
    ] as const) {
      const first = await timeline.list(kind, id, { limit: 3 }, by);
      if (first.next_cursor !== null)
        await timeline.list(kind, id, { limit: 3, cursor: first.next_cursor }, by);
    }
    expectIndexes(plans, ['timeline_entries_subject', 'activity_records_record', 'activities_pkey']);
  },
);

test('the associations of a record are found by an index in each direction', async () => {
  const { associations, plans } = watched({});
  const ofCompany = await associations.list({ kind: 'company', id: companyId }, { limit: 3 }, by);
  expect(ofCompany.items).toHaveLength(3);
  await associations.list({ kind: 'contact', id: contactId }, {}, by);
  expectIndexes(plans, ['associations_pkey', 'associations_second', 'contacts_company']);
});

test('due reminders are found without reading the activities that have none', async () => {
  const { database, plans } = explained(crm.database);
  await database.query(`select id from activities where reminder_at <= now()
    and reminder_at is distinct from reminded_for and (status is null or status = 'open')
    order by reminder_at, id limit 200`);
  expectIndexes(plans, ['activities_reminder']);
});
