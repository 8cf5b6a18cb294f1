import { createId, isId, validationFailed } from '@orchestrall/sdk';
import type { Caller, Database, EventDefinition, Transaction } from '@orchestrall/sdk';
import {
  checkVersion,
  columnsOf,
  conditionSql,
  countRows,
  joined,
  listName,
  readListRequest,
  readPage,
  readShape,
  shaped,
} from '@orchestrall/sdk/resources';
import type { FieldSet, ListSource, ResourceService } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import {
  customFieldCreated,
  customFieldPurged,
  customFieldRemoved,
  customFieldUpdated,
} from '../contract.ts';
import { crmError } from '../errors.ts';
import type { Access } from '../records/access.ts';
import type { KindName, TableName } from '../records/kind.ts';
import type { Declared } from './build-field.ts';
import { faultsOfChange, patched } from './changes.ts';
import { requireRevivable, requireRoom, requireUnique, withRetired } from './allowed.ts';
import { addColumns, dropColumns } from './columns.ts';
import { hiddenFrom, toldTo } from './hidden.ts';
import { answeredAs } from './names.ts';
import { readDeclared } from './read-declared.ts';
import type { CustomField, CustomFieldInput } from './schemas.ts';
import {
  definitionColumns,
  definitionSelection,
  deleteDefinition,
  findDefinition,
  holdDefinitions,
  insertDefinition,
  toDefinition,
  updateDefinition,
} from './store.ts';
import type { Definition, DefinitionRow } from './store.ts';

/** What is fixed of a kind of record. */
export interface KindOfFields {
  readonly kind: KindName;
  /** The fields that it has without administrators. */
  readonly builtIn: FieldSet;
}

/** What custom fields stand on. */
export interface CustomFieldOptions {
  readonly database: Database;
  readonly access: Access;
  readonly kinds: Readonly<Record<TableName, KindOfFields>>;
}

/**
 * Definitions of custom fields, and what belongs to each change of them within its transaction: columns, event, audit
 * entry. Indexes and the new generation come after it, by `createCustomFieldChanges`.
 */
export interface CustomFields extends ResourceService {
  /**
   * Declares a field; one that was removed comes back with its data. Throws `VALIDATION_FAILED`,
   * `CUSTOM_FIELD_EXISTS`, `CUSTOM_FIELD_KEPT`, `TOO_MANY_CUSTOM_FIELDS`, `TABLE_HAS_NO_ROOM`.
   */
  create(tx: Transaction, input: CustomFieldInput): Promise<CustomField>;
  /** Throws `CUSTOM_FIELD_NOT_FOUND`, `CUSTOM_FIELD_REMOVED`, `VERSION_MISMATCH`, `VALIDATION_FAILED`. */
  update(
    tx: Transaction,
    id: string,
    patch: Partial<CustomFieldInput>,
    by: Caller,
    ifMatch?: string,
  ): Promise<CustomField>;
  /** A field, and what a patch would make of it, checked as `update` checks it. Throws `CUSTOM_FIELD_NOT_UNIQUE` beside. */
  plan(id: string, patch: Partial<CustomFieldInput>, ifMatch: string | undefined): Promise<Planned>;
  /** Gives a field back what it was, and tells of it: for a change that could not be carried through. */
  restore(tx: Transaction, definition: Definition): Promise<void>;
  /** Throws `CUSTOM_FIELD_NOT_FOUND`, `CUSTOM_FIELD_NOT_REMOVED`. */
  purge(tx: Transaction, id: string): Promise<void>;
  /** The definition; throws `CUSTOM_FIELD_NOT_FOUND`. */
  require(id: string): Promise<Definition>;
}

/** A change of a definition that is still to be made. */
export interface Planned {
  readonly before: Definition;
  readonly after: Definition;
}

const table = 'custom_fields';
const answered = [
  ...Object.keys(definitionColumns),
  'answered_as',
  'description',
  'default',
  'minimum',
  'maximum',
];
const nameable = {
  columns: columnsOf(definitionColumns),
  fields: [...answered, 'min_length', 'max_length', 'pattern', 'digits', 'options', 'references'],
};

/** Creates the service of definitions. */
export function createCustomFieldService({ database, access, kinds }: CustomFieldOptions): CustomFields {
  const answerOf = (definition: Definition): CustomField => ({
    ...definition,
    answered_as: answeredAs(definition.name, kinds[definition.object].builtIn),
  });
  const tell = (
    tx: Transaction,
    event: EventDefinition,
    before: Definition | undefined,
    after?: Definition,
  ) => {
    const shown = after ?? before;
    if (shown === undefined) return;
    const field = answerOf(shown);
    const visibleTo = toldTo(access, kinds[field.object].kind, field.answered_as);
    tx.emit(
      event,
      { custom_field: field },
      { subject: field.id, ...(visibleTo === undefined ? {} : { visibleTo }) },
    );
    tx.audit({
      action: event.type,
      subjectType: 'custom_field',
      subjectId: field.id,
      ...(before === undefined ? {} : { before: answerOf(before) }),
      ...(after === undefined ? {} : { after: answerOf(after) }),
    });
  };
  const read = (input: CustomFieldInput, position: number): Declared => {
    const { fields, faults } = readDeclared(input, kinds[input.object].builtIn, position);
    if (faults.length > 0) throw validationFailed(faults);
    return fields;
  };
  const change = (
    before: Definition,
    patch: Partial<CustomFieldInput>,
    ifMatch: string | undefined,
  ): Declared => {
    checkVersion(before, ifMatch, answerOf);
    if (before.removed_at !== null)
      throw crmError('CUSTOM_FIELD_REMOVED', { id: before.id, name: before.name });
    const { object, name, type, references, ...rest } = patch;
    const fixed = { object, name, type, references };
    const faults = [...faultsOfChange(before, { ...before, ...given(fixed) })];
    if (faults.length > 0) throw validationFailed(faults);
    const after = read(patched(before, rest), before.position);
    const later = [...faultsOfChange(before, after)];
    if (later.length > 0) throw validationFailed(later);
    return after;
  };
  const requireDefinition = async (id: string, tx?: Transaction): Promise<Definition> => {
    const found = isId(id) ? await findDefinition(tx ?? database, id, tx !== undefined) : undefined;
    if (found === undefined) throw crmError('CUSTOM_FIELD_NOT_FOUND', { id });
    return found;
  };

  return {
    async list(request, by, at) {
      const query = readListRequest(request, nameable, at);
      const conditions = query.condition === undefined ? [] : [conditionSql(query.condition, table)];
      for (const [object, { kind, builtIn }] of Object.entries(kinds)) {
        const hidden = hiddenFrom(access, kind, by, builtIn);
        if (hidden.length > 0)
          conditions.push(sql`not (object = ${object} and name = any(${hidden}::text[]))`);
      }
      const source: ListSource = {
        table,
        selection: definitionSelection,
        conditions: [joined(conditions, 'all')],
      };
      const list = listName(table, request, by.id);
      const page = await readPage<DefinitionRow>(database, source, { ...query, list });
      return {
        items: page.items.map((row) => shaped(answerOf(toDefinition(row)), query)),
        next_cursor: page.next_cursor,
        ...(query.count ? { count: await countRows(database, source) } : {}),
      };
    },

    async get(id, by, shape = {}) {
      const field = answerOf(await requireDefinition(id));
      const { kind } = kinds[field.object];
      if (access.viewOf(by, kind).hidden.has(field.answered_as))
        throw crmError('CUSTOM_FIELD_NOT_FOUND', { id });
      return shaped(field, readShape(shape, nameable));
    },

    async create(tx, input) {
      const known = await holdDefinitions(tx, input.object);
      const active = known.filter(({ removed_at }) => removed_at === null);
      const declared = read(input, Math.max(0, ...active.map(({ position }) => position + 1)));
      const before = known.find(({ name }) => name === declared.name);
      if (before !== undefined) requireRevivable(before, declared);
      requireRoom(declared, known, active);
      const { id = createId() } = before ?? {};
      const after =
        before === undefined
          ? await insertDefinition(tx, id, declared)
          : await updateDefinition(tx, id, { ...declared, options: withRetired(before, declared) }, false);
      await addColumns(tx, after);
      if (before !== undefined) await requireUnique(tx, after);
      tell(tx, customFieldCreated, undefined, after);
      return answerOf(after);
    },

    async plan(id, patch, ifMatch) {
      const before = await requireDefinition(id);
      const after = { ...before, ...change(before, patch, ifMatch) };
      if (!before.unique) await requireUnique(database, after);
      return { before, after };
    },

    async update(tx, id, patch, _by, ifMatch) {
      const { object } = await requireDefinition(id);
      const known = await holdDefinitions(tx, object);
      const before = await requireDefinition(id, tx);
      const declared = change(before, patch, ifMatch);
      const others = known.filter((other) => other.id !== id);
      requireRoom(
        declared,
        others,
        others.filter(({ removed_at }) => removed_at === null),
      );
      const after = await updateDefinition(tx, id, declared, false);
      tell(tx, customFieldUpdated, before, after);
      return answerOf(after);
    },

    async remove(tx, id, _by, ifMatch) {
      const before = await requireDefinition(id, tx);
      checkVersion(before, ifMatch, answerOf);
      if (before.removed_at !== null) throw crmError('CUSTOM_FIELD_REMOVED', { id, name: before.name });
      tell(tx, customFieldRemoved, before, await updateDefinition(tx, id, before, true));
    },

    async restore(tx, definition) {
      const before = await requireDefinition(definition.id, tx);
      const removed = definition.removed_at !== null;
      const after = await updateDefinition(tx, definition.id, definition, removed);
      if (removed) tell(tx, customFieldRemoved, before, after);
      else tell(tx, before.removed_at === null ? customFieldUpdated : customFieldCreated, before, after);
    },

    async purge(tx, id) {
      const before = await requireDefinition(id, tx);
      if (before.removed_at === null) throw crmError('CUSTOM_FIELD_NOT_REMOVED', { id, name: before.name });
      await dropColumns(tx, before);
      await deleteDefinition(tx, id);
      tell(tx, customFieldPurged, before);
    },

    require: (id) => requireDefinition(id),
  };
}

/** What was given of these, without what was not. */
function given<Given extends object>(
  values: Given,
): { [Name in keyof Given]?: Exclude<Given[Name], undefined> };
function given(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
