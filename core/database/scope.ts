import { escapeIdentifier } from 'pg';
import { databaseError } from './errors.ts';

/** Whose work a transaction is: its role and its schema. */
export interface Scope {
  /** `core`, or the plugin's name. */
  readonly owner: string;
  readonly role: string;
  readonly schema: string;
}

/** Names of the roles of one appliance; `prefix` default `orchestrall`. */
export interface RoleNames {
  /** The login that serves all work; owns nothing and inherits nothing. */
  readonly app: string;
  readonly core: Scope;
  /** Throws `PLUGIN_NAME_INVALID`. */
  plugin(name: string): Scope;
  /**
   * Whose schema and role the migrations of an owner are for: `core/<room>` is the core's, `<plugin>` and
   * `<plugin>/<set>` are the plugin's. Throws `PLUGIN_NAME_INVALID`.
   */
  ofMigrations(owner: string): Scope;
}

/** Derives the names; a prefix has 1 to 14 lower-case letters, digits or `_`, beginning with a letter. */
export function roleNames(prefix: string): RoleNames {
  if (!/^[a-z][a-z0-9_]{0,13}$/.test(prefix)) {
    throw new TypeError(`role prefix ${JSON.stringify(prefix)}: 1 to 14 of a-z, 0-9 and _ are expected`);
  }
  const core: Scope = { owner: 'core', role: `${prefix}_core`, schema: 'core' };
  const plugin = (name: string): Scope => {
    // Hyphens become underscores, which no name may hold itself, so two names never share a schema.
    if (name.length > 40 || !/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name) || name === 'core') {
      throw databaseError('PLUGIN_NAME_INVALID', { name });
    }
    const word = name.replaceAll('-', '_');
    return { owner: name, role: `${prefix}_plugin_${word}`, schema: `plugin_${word}` };
  };
  return {
    app: `${prefix}_app`,
    core,
    plugin,
    ofMigrations: (owner) => (owner.startsWith('core/') ? core : plugin(owner.replace(/\/.*$/, ''))),
  };
}

/** Where the extensions of PostgreSQL stand that plugins ask for; nobody but the administrator may create there. */
export const extensionsSchema = 'core_extensions';

/**
 * SQL that takes a scope's role and search path until the transaction ends. A plugin has the extensions behind its own
 * schema; `pg_temp` is last, so that a temporary table never stands before one of the schema.
 */
export function takeScope({ owner, role, schema }: Scope): string {
  const own = escapeIdentifier(schema);
  const path = owner === 'core' ? own : `${own}, ${extensionsSchema}`;
  return `SET LOCAL ROLE ${escapeIdentifier(role)}; SET LOCAL search_path = ${path}, pg_temp`;
}
