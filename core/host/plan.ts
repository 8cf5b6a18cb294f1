import { resolvePlugins, type RefusalReason } from './packages/resolve.ts';
import { servingFirst, type Refusal, type Slot } from './slot.ts';

/** Which desired plugins can run. */
export interface Plan {
  /** Providers before consumers. */
  readonly order: readonly string[];
  /** Why the others cannot. */
  readonly refused: ReadonlyMap<string, Refusal>;
}

/** A provider that is merely off is no fault of its consumer: that waits, and comes back with it. */
const waits: ReadonlySet<RefusalReason['code']> = new Set(['provider_off']);

/** Resolves the versions that should run against each other and the core. */
export function planPlugins(slots: Iterable<Slot>, engineVersion: string): Plan {
  // In a clash the earlier one keeps what it has.
  const all = servingFirst(slots);
  const { order, refused } = resolvePlugins({
    manifests: all.map((slot) => slot.targetPackage?.manifest).filter((manifest) => manifest !== undefined),
    wanted: new Set(all.filter((slot) => slot.desired.enabled).map((slot) => slot.name)),
    engineVersion,
  });
  return { order, refused: new Map([...refused].map(([name, reasons]) => [name, refusalOf(reasons)])) };
}

function refusalOf(reasons: readonly RefusalReason[]): Refusal {
  return {
    reason: reasons.map(({ reason, remedy }) => `${reason}. ${remedy}`).join(' '),
    isFault: !reasons.every(({ code }) => waits.has(code)),
  };
}
