import { createConsole, personToken, programToken } from '@orchestrall/core/testing';
import type { KindName } from '../../records/kind.ts';
import { eventually, startCrm } from '../support.ts';
import type { Answer, CrmAppliance } from '../support.ts';
import type { Asker, MadeRecord, Rules } from './model.ts';
import { allKinds, samples } from './samples.ts';

/** Everybody who asks and every record that is asked for, on an appliance with these rules. */
export interface World extends AsyncDisposable {
  readonly rules: Rules;
  readonly crm: CrmAppliance;
  readonly askers: readonly Asker[];
  /** The administrator, who sees everything. */
  readonly admin: Asker;
  readonly records: readonly MadeRecord[];
  /** The id of the static list of each kind that has every record of it. */
  readonly lists: ReadonlyMap<KindName, string>;
  readonly ask: Ask;
  /** What a request of somebody is answered with, as it comes. */
  open(asker: Asker, path: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

/** What is asked, as somebody. */
export type Ask = (
  asker: Asker,
  method: string,
  path: string,
  sent?: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> },
) => Promise<Answer & { readonly text: string }>;

const password = 'correct horse battery';

/** Who belongs where: in no team, in one, leading one. */
const places = ['alone', 'member', 'lead'] as const;

/** Starts an appliance, and makes its people, teams and records. */
export async function createWorld(rules: Rules): Promise<World> {
  const crm = await startCrm({ access: structuredClone(rules.access) }, false, {
    security: { jwt_expiry: 3_600 },
  });
  const { auth } = crm.appliance.appliance.rooms;
  await createConsole(crm.appliance);
  const team = async (name: string) => (await auth.teams.create({ name })).id;
  const [red, blue, green] = [await team('Red'), await team('Blue'), await team('Green')];
  const tokens = new Map<string, string>();
  const admin: Asker = { name: 'admin', role: 'admin', id: 'local', teams: [], leads: [] };
  const askers: Asker[] = [admin];
  tokens.set('admin', await crm.appliance.token('admin'));
  for (const role of ['operator', 'viewer'] as const) {
    const program = `${role} program`;
    tokens.set(program, await programToken(crm.appliance, { client_id: `${role}-program`, role }));
    askers.push({ name: program, role, id: 'local', teams: [], leads: [] });
    for (const place of places) {
      const person = { name: `${role}-${place}`, password };
      const { id } = (await auth.users.create({ ...person, roles: [role] })).user;
      // A team has one lead.
      const led = role === 'operator' ? blue : green;
      const teams = place === 'alone' ? [] : [place === 'member' ? red : led];
      const leads = place === 'lead' ? [led] : [];
      for (const one of teams) await auth.teams.addMember(one, id);
      for (const one of leads) await auth.teams.setLead(one, id);
      askers.push({ name: person.name, role, id, teams, leads });
      tokens.set(person.name, await personToken(crm.appliance, person));
    }
  }
  const stranger = (await auth.users.create({ name: 'stranger', password, roles: ['operator'] })).user.id;

  const ask: Ask = async (asker, method, path, { body, headers = {} } = {}) => {
    const raw = typeof body === 'string' || body === undefined;
    const response = await fetch(`${crm.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${tokens.get(asker.name) ?? ''}`,
        ...(body === undefined ? {} : { 'content-type': raw ? 'text/csv' : 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, text, body: json ? JSON.parse(text) : text };
  };

  const open: World['open'] = async (asker, path, signal) => {
    const headers = { authorization: `Bearer ${tokens.get(asker.name) ?? ''}` };
    const { body, status } = await fetch(`${crm.url}${path}`, { headers, signal });
    if (body === null || status !== 200) throw new Error(`${path} was answered with ${status}`);
    return body;
  };

  const people = askers.filter(({ id }) => id !== 'local').map(({ id }) => ({ owner: id, team: null }));
  const owned = [
    ...people,
    { owner: stranger, team: red },
    { owner: null, team: blue },
    { owner: stranger, team: green },
    { owner: null, team: null },
  ];
  const world = { rules, crm, askers, admin, ask, open };
  const records = await makeRecords(world, owned);
  const lists = new Map<KindName, string>();
  for (const { name, table } of allKinds) {
    const ids = records.filter(({ kind }) => kind === name).map(({ id }) => id);
    const { id } = await make(world, 'lists', { name: `all ${table}`, kind: name, shared: 'everyone' });
    await required(world, 'POST', `/lists/${id}/members`, { add: ids });
    lists.set(name, id);
  }
  await compareAll(world);
  return { ...world, records, lists, [Symbol.asyncDispose]: () => crm[Symbol.asyncDispose]() };
}

type Making = Pick<World, 'ask' | 'admin'>;

async function required(world: Making, method: string, path: string, body: object): Promise<Answer> {
  const answer = await world.ask(world.admin, method, `/api/v1/crm${path}`, { body });
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.text}`);
  return answer;
}

async function make(world: Making, resource: string, body: object): Promise<{ readonly id: string }> {
  return (await required(world, 'POST', `/${resource}`, body)).body;
}

interface Owned {
  readonly owner: string | null;
  readonly team: string | null;
}

/**
 * As many records of each kind as there are owners. Each is related to one of every other kind that somebody else owns,
 * so that what is seen leads to what is not.
 */
async function makeRecords(world: Making, owned: readonly Owned[]): Promise<MadeRecord[]> {
  const records: MadeRecord[] = [];
  const other = (kind: KindName, index: number): MadeRecord => {
    const ofKind = records.filter((record) => record.kind === kind);
    const found = ofKind[index % ofKind.length];
    if (found === undefined) throw new TypeError(`there is no ${kind}`);
    return found;
  };
  // Companies first: others refer to them.
  const order: readonly KindName[] = ['company', 'contact', 'deal', 'activity'];
  const rankOf = ({ name }: (typeof allKinds)[number]) => order.indexOf(name);
  for (const { name: kind, table } of allKinds.toSorted((left, right) => rankOf(left) - rankOf(right))) {
    for (const [index, { owner, team }] of owned.entries()) {
      const mark = `mark${kind}n${String.fromCharCode(97 + index)}q`;
      const secret = `secret${kind}n${String.fromCharCode(97 + index)}q`;
      const fields = {
        ...samples[table].fields(mark, secret),
        ...(kind === 'contact' || kind === 'deal' ? { company_id: other('company', index + 3).id } : {}),
        ...(kind === 'company' && index > 0 ? { parent_id: other('company', index * 3).id } : {}),
        ...(kind === 'activity'
          ? {
              records: (['contact', 'company', 'deal'] as const).map((about, shift) => ({
                kind: about,
                id: other(about, index + shift).id,
              })),
            }
          : {}),
        tags: ['common', `tag${mark}`],
        owner_id: owner,
        team_id: team,
      };
      const { id } = await make(world, table, fields);
      records.push({ kind, table, id, mark, secret, owner, team });
    }
  }
  for (const [index] of owned.entries()) {
    const [contact, deal] = [other('contact', index), other('deal', index + 5)];
    await required(world, 'PUT', `/contacts/${contact.id}/associations/deal/${deal.id}`, {});
  }
  return records;
}

/** Looks for duplicates until every pair of companies and of contacts is known: all of them have one phone. */
async function compareAll(world: Making): Promise<void> {
  await required(world, 'POST', '/duplicates/sweep?all=true', {});
  await eventually(async () => {
    const { body } = await world.ask(world.admin, 'GET', '/api/v1/crm/duplicates?limit=1');
    return body.items.length > 0 ? true : undefined;
  });
}
