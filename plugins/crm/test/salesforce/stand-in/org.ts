import { idOf } from './ids.ts';
import { standInObjects } from './objects.ts';
import type { StandInObject } from './objects.ts';

/** What a field of a record holds. */
export type Cell = string | number | boolean | null;

/** A record as the organisation keeps it; instants are milliseconds, full seconds as Salesforce stamps them. */
export interface OrgRecord {
  readonly id: string;
  readonly object: string;
  readonly fields: Record<string, Cell>;
  isDeleted: boolean;
  createdMs: number;
  modifiedMs: number;
  stampMs: number;
}

/** Why a record is not written, as the API tells it. */
export class OrgFault extends Error {
  readonly code: string;
  readonly fields: readonly string[];

  constructor(code: string, message: string, fields: readonly string[] = []) {
    super(message);
    this.code = code;
    this.fields = fields;
  }
}

interface Underway {
  readonly record: OrgRecord;
  readonly fields: Record<string, Cell>;
  readonly stampMs: number;
  readonly seenAtMs: number;
}

/** An organisation in memory, with a clock that is turned by hand. */
export class StandInOrg {
  readonly records = new Map<string, OrgRecord>();
  /** Deletions as the log tells them, oldest first. */
  readonly deleteLog: { readonly id: string; readonly object: string; readonly atMs: number }[] = [];
  /** Ids whose rows another transaction holds. */
  readonly locked = new Set<string>();
  nowMs: number;
  /** How long a deletion may be under way before the log tells it, milliseconds. */
  deleteLagMs = 0;
  earliestMs: number;
  /** Whether a second contact with an e-mail is refused, as a duplicate rule does. */
  refusesDuplicates = true;
  readonly #underway: Underway[] = [];
  #sequence = 0;

  constructor(startMs: number) {
    this.nowMs = startMs;
    this.earliestMs = startMs - 86_400_000;
  }

  object(name: string): StandInObject {
    const object = standInObjects.find((each) => each.name === name);
    if (object === undefined) throw new OrgFault('INVALID_TYPE', `sObject type '${name}' is not supported.`);
    return object;
  }

  /** Turns the clock on; what was under way and has ended is then seen. */
  advance(milliseconds: number): void {
    this.nowMs += milliseconds;
    for (const each of this.#underway.filter(({ seenAtMs }) => seenAtMs <= this.nowMs)) {
      this.#underway.splice(this.#underway.indexOf(each), 1);
      this.locked.delete(each.record.id);
      Object.assign(each.record.fields, each.fields);
      each.record.stampMs = each.record.modifiedMs = each.stampMs;
      this.records.set(each.record.id, each.record);
    }
  }

  /** The records that a query sees. */
  visible(object: string): OrgRecord[] {
    return [...this.records.values()].filter((record) => record.object === object && !record.isDeleted);
  }

  find(object: string, id: string): OrgRecord {
    const record = this.records.get(id);
    if (record?.object !== object)
      throw new OrgFault('NOT_FOUND', 'Provided external ID field does not exist or is not accessible');
    if (record.isDeleted) throw new OrgFault('ENTITY_IS_DELETED', 'entity is deleted');
    return record;
  }

  create(object: string, fields: Record<string, Cell>, seenAfterMs = 0): OrgRecord {
    this.#check(object, fields, true, undefined);
    this.#sequence += 1;
    const stampMs = this.#second();
    const id = idOf(this.object(object).prefix, this.#sequence);
    const times = { createdMs: stampMs, modifiedMs: stampMs, stampMs };
    const record: OrgRecord = { id, object, fields: { ...fields }, isDeleted: false, ...times };
    if (seenAfterMs === 0) this.records.set(id, record);
    else this.#begin({ record, fields: {}, stampMs, seenAtMs: this.nowMs + seenAfterMs });
    return record;
  }

  /** @param seenAfterMs how long the transaction lasts: it stamps at its beginning and is seen at its end */
  update(object: string, id: string, fields: Record<string, Cell>, seenAfterMs = 0): void {
    const record = this.find(object, id);
    if (this.locked.has(id))
      throw new OrgFault('UNABLE_TO_LOCK_ROW', 'unable to obtain exclusive access to this record');
    this.#check(object, fields, false, id);
    const stampMs = this.#second();
    if (seenAfterMs > 0) {
      this.#begin({ record, fields, stampMs, seenAtMs: this.nowMs + seenAfterMs });
      return;
    }
    Object.assign(record.fields, fields);
    record.stampMs = record.modifiedMs = stampMs;
  }

  /** Deletes a record; contacts and opportunities go with their account, references of others are emptied. */
  delete(object: string, id: string): void {
    const record = this.find(object, id);
    if (this.locked.has(id))
      throw new OrgFault('UNABLE_TO_LOCK_ROW', 'unable to obtain exclusive access to this record');
    record.isDeleted = true;
    record.stampMs = this.#second();
    this.deleteLog.push({ id, object, atMs: this.nowMs });
    for (const other of this.records.values()) {
      if (other.isDeleted || this.locked.has(other.id)) continue;
      if (other.fields['AccountId'] === id) {
        this.delete(other.object, other.id);
        continue;
      }
      for (const name of ['ParentId', 'WhoId', 'WhatId']) {
        if (other.fields[name] !== id) continue;
        other.fields[name] = null;
        other.stampMs = this.#second();
      }
    }
  }

  /** Takes a record out of the recycle bin. */
  restore(id: string): void {
    const record = this.records.get(id);
    if (record?.isDeleted !== true) return;
    record.isDeleted = false;
    record.stampMs = record.modifiedMs = this.#second();
  }

  /** Empties the recycle bin and the delete log. */
  purge(): void {
    for (const [id, record] of this.records) if (record.isDeleted) this.records.delete(id);
    this.deleteLog.length = 0;
    this.earliestMs = this.nowMs;
  }

  #begin(underway: Underway): void {
    this.locked.add(underway.record.id);
    this.#underway.push(underway);
  }

  #second(): number {
    return Math.floor(this.nowMs / 1_000) * 1_000;
  }

  #check(objectName: string, fields: Record<string, Cell>, isNew: boolean, id: string | undefined): void {
    const object = this.object(objectName);
    for (const [name, value] of Object.entries(fields)) {
      const field = object.fields.find((each) => each.name === name);
      if (field === undefined || field.readOnly === true) {
        throw new OrgFault('INVALID_FIELD_FOR_INSERT_UPDATE', `Unable to create/update fields: ${name}`, [
          name,
        ]);
      }
      if (field.length !== undefined && String(value ?? '').length > field.length) {
        throw new OrgFault('STRING_TOO_LONG', `${name}: data value too large (max length=${field.length})`, [
          name,
        ]);
      }
    }
    const missing = object.fields
      .filter((field) => field.required === true)
      .filter(({ name }) => (isNew || name in fields) && (fields[name] ?? '') === '');
    if (missing.length > 0) {
      const names = missing.map(({ name }) => name);
      throw new OrgFault(
        'REQUIRED_FIELD_MISSING',
        `Required fields are missing: [${names.join(', ')}]`,
        names,
      );
    }
    const email = fields['Email'];
    if (!this.refusesDuplicates || objectName !== 'Contact' || typeof email !== 'string') return;
    const other = this.visible('Contact').find((each) => each.fields['Email'] === email && each.id !== id);
    if (other !== undefined) throw new OrgFault('DUPLICATES_DETECTED', 'Use one of these records?');
  }
}
