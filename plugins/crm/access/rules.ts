import type { Caller, Role } from '@orchestrall/sdk';
import type { Sql } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import { crmError } from '../errors.ts';
import { everything } from '../records/access.ts';
import type { Access, Owned, View } from '../records/access.ts';
import type { KindName, TableName } from '../records/kind.ts';
import type { TablesByKind } from '../records/unseen.ts';
import type { AccessConfig, AccessRule } from './config.ts';

/** Roles that rules may be made for, from the least. */
const ruled = ['viewer', 'operator'] as const;
type RuledRole = (typeof ruled)[number];

/** How much a rule lets see; a role with more rights never sees less. */
const reach = ['own', 'team', 'all'] as const;

const open: AccessRule = { records: 'all', hidden: [], read_only: [] };
const nobody: View = { condition: sql`false`, hidden: new Set(), readOnly: new Set() };

/**
 * Makes the rules of the client's YAML decide who sees and writes what. A caller is ruled by the strongest role it has;
 * administrators see and write everything.
 * Throws `ACCESS_RULES_INVALID` for kinds that do not exist, and for an operator who would see less than a viewer, whose
 * rights an operator has too.
 */
export function createAccess(config: AccessConfig, tables: TablesByKind): Access {
  const faults = [...faultsOf(config, Object.values(tables))];
  if (faults.length > 0) throw crmError('ACCESS_RULES_INVALID', { list: faults.join('; ') });
  const ruleOf = (role: RuledRole, kind: KindName): AccessRule => config[role]?.[tables[kind]] ?? open;
  return {
    viewOf(by, kind) {
      if (by.roles.includes('admin')) return everything;
      const role = ruled.findLast((name) => by.roles.includes(name));
      return role === undefined ? nobody : viewBy(ruleOf(role, kind), by, tables[kind]);
    },
    audienceOf(kind, record) {
      const rules = ruled.map((role) => ({ role, rule: ruleOf(role, kind) }));
      if (rules.every(({ rule }) => seesAll(rule))) return undefined;
      return ['admin', ...rules.flatMap(({ role, rule }) => principalsOf(role, rule, record))];
    },
  };
}

function viewBy({ records, hidden, read_only }: AccessRule, by: Caller, table: TableName): View {
  return {
    condition: records === 'all' ? undefined : ownedBy(by, records, table),
    hidden: new Set(hidden),
    readOnly: new Set(read_only),
  };
}

/** Records of the caller and of its teams; with `own` only of the teams it leads. */
function ownedBy({ id, teams, leads }: Caller, records: 'team' | 'own', table: TableName): Sql {
  const owner = sql`${sql.ref(`${table}.owner_id`)} = ${id}`;
  const seen = records === 'team' ? [...teams] : [...leads];
  if (seen.length === 0) return owner;
  return sql`(${owner} or ${sql.ref(`${table}.team_id`)} = any(${seen}::text[]))`;
}

function seesAll({ records, hidden }: AccessRule): boolean {
  return records === 'all' && hidden.length === 0;
}

/**
 * Who of a role may see an event with all of a record. A role from which fields are hidden sees none: an event carries
 * the whole record. Of a team those see it who belong to it, and leads as well.
 */
function principalsOf(role: Role, rule: AccessRule, { owner_id, team_id }: Owned): string[] {
  if (rule.hidden.length > 0) return [];
  if (rule.records === 'all') return [role];
  return [
    ...(owner_id === null ? [] : [`${role}@user:${owner_id}`]),
    ...(team_id === null ? [] : [`${role}@${rule.records === 'team' ? 'team' : 'lead'}:${team_id}`]),
  ];
}

function* faultsOf(config: AccessConfig, tables: readonly string[]): Generator<string> {
  for (const role of ruled) {
    const unknown = Object.keys(config[role] ?? {}).find((table) => !tables.includes(table));
    if (unknown !== undefined) {
      yield `access.${role}.${unknown} is no kind of record; the kinds are ${tables.join(', ')}`;
    }
  }
  for (const table of tables) {
    const viewer = config.viewer?.[table] ?? open;
    const operator = config.operator?.[table] ?? open;
    if (reach.indexOf(operator.records) < reach.indexOf(viewer.records)) {
      yield `access.operator.${table}.records is ${operator.records} and a viewer sees ${viewer.records}, which an operator may too; give access.viewer.${table}.records as well`;
    }
    const shown = operator.hidden.find((field) => !viewer.hidden.includes(field));
    if (shown !== undefined) {
      yield `access.operator.${table}.hidden holds ${shown}, which a viewer sees; add it to access.viewer.${table}.hidden`;
    }
  }
}
