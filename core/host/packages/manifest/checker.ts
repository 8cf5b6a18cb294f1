import type { Fault } from '@orchestrall/sdk';
import semver from 'semver';

/** A fault of a manifest; `path` is a JSON pointer into the definition. */
export interface ManifestFault extends Fault {
  /** What to do about it, one sentence. */
  readonly remedy: string;
}

/** Collects the faults of a value of unknown shape; each check says whether the value passed. */
export class Checker {
  readonly faults: ManifestFault[] = [];

  /** Whether a value is an object and no list. */
  static isObject(value: unknown): value is Readonly<Record<string, unknown>> {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  }

  fault(path: string, message: string, remedy: string): void {
    this.faults.push({ path, message, remedy });
  }

  object(
    path: string,
    value: unknown,
    what: string,
    remedy: string,
  ): value is Readonly<Record<string, unknown>> {
    if (Checker.isObject(value)) return true;
    this.fault(path, `${shown(value)} is not ${what}`, remedy);
    return false;
  }

  pattern(path: string, value: unknown, pattern: RegExp, what: string, remedy: string): boolean {
    if (typeof value === 'string' && pattern.test(value)) return true;
    this.fault(path, `${shown(value)} is not ${what}`, remedy);
    return false;
  }

  /** An optional list without duplicates; each entry is checked on its own. */
  list(
    path: string,
    value: unknown,
    entry: (path: string, value: unknown, check: Checker) => unknown,
  ): value is readonly unknown[] {
    if (value === undefined) return true;
    if (!Array.isArray(value)) {
      this.fault(path, `${shown(value)} is not a list`, 'Write a list or leave the field out.');
      return false;
    }
    for (const [index, item] of value.entries()) {
      const first = value.indexOf(item);
      if (first < index)
        this.fault(`${path}/${index}`, `${shown(item)} stands in the list twice`, 'Remove one.');
      else entry(`${path}/${index}`, item, this);
    }
    return true;
  }

  /** A semantic version in its plain form. */
  version(path: string, value: unknown): value is string {
    if (typeof value === 'string' && semver.valid(value) === value) return true;
    this.fault(path, `${shown(value)} is not a semantic version`, 'Write it like `1.2.3`.');
    return false;
  }

  /** A semantic version range that says something. */
  range(path: string, value: unknown): value is string {
    if (typeof value === 'string' && value.trim() !== '' && semver.validRange(value) !== null) return true;
    this.fault(path, `${shown(value)} is not a version range`, 'Write it like `^1.2.0`.');
    return false;
  }
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
}
