import type { Caller } from '@orchestrall/sdk';
import { isObject } from '@orchestrall/sdk/resources';
import type { Checked, JsonObject } from '@orchestrall/sdk/resources';
import { withDefaultOwner } from '../records/default-owner.ts';
import { withDefaults } from '../records/kind.ts';
import type { CommonFields, RecordKind } from '../records/kind.ts';

/** Reads the fields of a record that is to be made, owned by whoever imports it where the row says nothing else. */
export function readNew<Fields extends CommonFields>(
  kind: Pick<RecordKind<Fields>, 'defaults' | 'read'>,
  given: JsonObject,
  by: Caller,
): Checked<Fields> {
  const owned = withDefaultOwner(given, by);
  return kind.read(withDefaults(kind, isObject(owned) ? owned : given));
}
