import type { PluginState, Slot } from './slot.ts';

/** A plugin as the system API shows it. */
export interface PluginView {
  readonly name: string;
  /** Version that runs, else the one that would. */
  readonly version: string;
  readonly state: PluginState;
  readonly desired: 'on' | 'off';
  /** Number of the instance that serves; null when none does. */
  readonly generation: number | null;
  /** The first of `features`. */
  readonly feature: string;
  /** Every key under `features` in the client's YAML that switches it, at least one. */
  readonly features: string[];
  /** When it entered this state, RFC 3339. */
  readonly since: string;
  /** Why it failed, waits, or stayed at an older version; null when all is as desired. */
  readonly reason: string | null;
  /** Versions at hand, newest first. */
  readonly versions: readonly string[];
  /** Instances that nobody asks any more: they finish what they had begun, or were being built when the wish changed. */
  readonly draining: number;
}

/** What the API shows of one plugin. */
export function viewOf(slot: Slot): PluginView {
  const features = slot.targetPackage?.manifest.features ?? [slot.name];
  return {
    name: slot.name,
    version: slot.current?.version ?? slot.targetVersion ?? '',
    state: slot.state,
    desired: slot.desired.enabled ? 'on' : 'off',
    generation: slot.current?.generation ?? null,
    feature: features[0] ?? slot.name,
    features: [...features],
    since: slot.since.toISOString(),
    reason: reasonOf(slot),
    versions: [...slot.available.keys()],
    draining: slot.draining.size + Number(slot.isBusy && !slot.desired.enabled),
  };
}

/** A failure counts only while what failed is still what is wanted. */
function reasonOf({ desired, failure, refusal, hasFailed }: Slot): string | null {
  if (!desired.enabled) return null;
  return (hasFailed ? failure?.reason : refusal?.reason) ?? null;
}
