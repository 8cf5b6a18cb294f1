import { coreError } from '../errors.ts';
import { refuseWith } from '../http/gateway/prefix-table.ts';
import type { PrefixEntry } from '../http/gateway/prefix-table.ts';
import { servingFirst, type Slot } from './slot.ts';

/**
 * What each plugin's prefixes answer as the plugins stand: those of what serves lead to its generation, those of the
 * others to the reason why not.
 */
export function gateTable(slots: Iterable<Slot>, monotonicMs: () => number): PrefixEntry[] {
  const taken = new Set<string>();
  const entries: PrefixEntry[] = [];
  for (const slot of servingFirst(slots)) {
    const prefixes = slot.current?.definition.prefixes ?? slot.targetPackage?.manifest.prefixes ?? [];
    const target = slot.current?.target ?? refusalOf(slot, monotonicMs);
    for (const prefix of prefixes) {
      if (taken.has(prefix)) continue;
      taken.add(prefix);
      entries.push({ prefix, target });
    }
  }
  return entries;
}

function refusalOf(slot: Slot, monotonicMs: () => number): PrefixEntry['target'] {
  const plugin = slot.name;
  if (slot.isGateClosed) return refuseWith(() => coreError('PLUGIN_DISABLED', { plugin }));
  return refuseWith(() => {
    const waitMs = (slot.failure?.retryAtMs ?? 0) - monotonicMs();
    const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
    const code = slot.state === 'failed' ? 'PLUGIN_FAILED' : 'PLUGIN_PREPARING';
    return coreError(code, { plugin, retryAfterSeconds });
  });
}
