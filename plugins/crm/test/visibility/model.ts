import type { AccessConfig, AccessRule } from '../../access/config.ts';
import type { KindName, TableName } from '../../records/kind.ts';

/** Somebody who asks; the model knows nothing else of them. */
export interface Asker {
  readonly name: string;
  readonly role: 'admin' | 'operator' | 'viewer';
  /** The user's id; a program owns no record. */
  readonly id: string;
  readonly teams: readonly string[];
  readonly leads: readonly string[];
}

/** A record that was made for the matrix. */
export interface MadeRecord {
  readonly kind: KindName;
  readonly table: TableName;
  readonly id: string;
  /** A word that stands in this record alone. */
  readonly mark: string;
  /** A word that stands in the one field of it that rules hide. */
  readonly secret: string;
  readonly owner: string | null;
  readonly team: string | null;
}

/** The rules of one appliance. */
export interface Rules {
  readonly access: AccessConfig;
}

function ruleOf({ access }: Rules, role: 'operator' | 'viewer', table: TableName): AccessRule | undefined {
  return access[role]?.[table];
}

/** Whether the rules let somebody see a record, as the documentation says it. */
export function sees(rules: Rules, asker: Asker, record: MadeRecord): boolean {
  if (asker.role === 'admin') return true;
  const records = ruleOf(rules, asker.role, record.table)?.records ?? 'all';
  if (records === 'all' || record.owner === asker.id) return true;
  const teams = records === 'team' ? asker.teams : asker.leads;
  return record.team !== null && teams.includes(record.team);
}

/** Whether somebody learns of a field. */
export function learns(rules: Rules, asker: Asker, table: TableName, field: string): boolean {
  if (asker.role === 'admin') return true;
  return ruleOf(rules, asker.role, table)?.hidden.includes(field) !== true;
}

/** Whether somebody who may write may write a field. */
export function writes(rules: Rules, asker: Asker, table: TableName, field: string): boolean {
  if (asker.role === 'admin') return true;
  const rule = ruleOf(rules, asker.role, table);
  return learns(rules, asker, table, field) && rule?.read_only.includes(field) !== true;
}

/** Whether somebody is told of a record by events, which carry the whole of it: not where a field is hidden. */
export function hears(rules: Rules, asker: Asker, record: MadeRecord): boolean {
  if (asker.role === 'admin') return true;
  const hidden = ruleOf(rules, asker.role, record.table)?.hidden ?? [];
  return hidden.length === 0 && sees(rules, asker, record);
}
