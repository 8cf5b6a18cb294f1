import type { Refusal, RunningGeneration, Slot } from './slot.ts';

/** Whether one generation cannot be without another. */
export function needsGeneration(consumer: RunningGeneration, provider: RunningGeneration): boolean {
  const contract = provider.definition.provides?.name;
  if (contract === undefined || consumer.plugin === provider.plugin) return false;
  const declared = Object.values(consumer.definition.needs ?? {});
  return declared.some((need) => need.required && need.contract.name === contract);
}

/** Of the plugins that can run, those that must serve before this one can be built. */
export function providersOf(slot: Slot, runnable: readonly Slot[]): Slot[] {
  const contracts = new Set(
    slot.targetPackage?.manifest.needs.filter((need) => need.required).map((need) => need.contract),
  );
  return runnable.filter((other) => contracts.has(other.targetPackage?.manifest.provides?.name ?? ''));
}

/**
 * Why a plugin waits, when one of its providers has failed or waits for such a one itself: ask in the order of needs.
 */
export function waitsForFailed(providers: readonly Slot[]): Refusal | undefined {
  const failed = providers.find(
    ({ current, hasFailed, refusal }) => current === undefined && (hasFailed || refusal !== undefined),
  );
  if (failed === undefined) return undefined;
  return {
    reason: `It needs ${failed.name}, which has failed. Correct ${failed.name} first.`,
    isFault: true,
  };
}
