import { validationFailed } from '@orchestrall/sdk';
import type { Fault } from '@orchestrall/sdk';
import type { MissingReferences } from './references.ts';
import type { KindScope } from './scope.ts';
import type { ImportSettings } from './store.ts';
import { importTargets, readMapping } from './targets.ts';

/** What an import is set to, as it is given. */
export interface GivenSettings {
  readonly key?: string | undefined;
  /** An object, or its JSON text. */
  readonly mapping?: unknown;
  readonly missing_references?: MissingReferences | undefined;
}

/**
 * The settings of an import: those that are given, over those it has. Throws `VALIDATION_FAILED` for a key or a target
 * that the records do not have; `path` is where they are given, such as `/body`.
 */
export function readSettings(
  scope: KindScope,
  given: GivenSettings,
  path: string,
  current?: ImportSettings,
): Omit<ImportSettings, 'format'> {
  const { table } = scope.kind;
  const keys = Object.keys(scope.kind.keys);
  const key = given.key ?? current?.key ?? keys[0] ?? '';
  const faults: Fault[] = [];
  // Records without a key are all made anew.
  if (key !== '' && !keys.includes(key))
    faults.push({ path: `${path}/key`, message: `must be ${keys.join(' or ')} for ${table}` });
  const { mapping = {}, faults: wrong = [] } =
    given.mapping === undefined
      ? { mapping: current?.mapping ?? {} }
      : readMapping(importTargets(scope), given.mapping, `${path}/mapping`);
  faults.push(...wrong);
  if (faults.length > 0) throw validationFailed(faults);
  const missing_references = given.missing_references ?? current?.missing_references ?? 'create';
  return { key, mapping: { ...mapping }, missing_references };
}
