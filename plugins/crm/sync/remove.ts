import { mergeFields } from './merge.ts';
import { deletedThere } from './parting.ts';
import { sameIn } from './plan.ts';
import type { ObjectPlan } from './plan.ts';
import type { SyncUnit } from './state.ts';
import { isEmptySet } from './values.ts';

/**
 * Deletes here what was deleted there. A record with changes that were to go back is kept and told as a conflict; its
 * link is parted, so that neither side is written until somebody decides or the record is restored there.
 */
export async function removeDeleted(
  unit: SyncUnit,
  plan: ObjectPlan,
  externalIds: readonly string[],
): Promise<void> {
  if (externalIds.length === 0) return;
  const { object, kind } = plan;
  const links = (await unit.links(object, externalIds)).filter((link) => link.kind === kind);
  const ids = links.map(({ localId }) => localId);
  const local = new Map((await unit.read(kind, ids)).map((record) => [record.id, record]));
  const waits = plan.push !== 'none';
  const kept = links.filter((link) => {
    const record = local.get(link.localId);
    if (!waits || record === undefined) return false;
    const { toRemote } = mergeFields(
      { there: link.base, here: link.kept },
      record.fields,
      link.base,
      sameIn(plan),
    );
    return !isEmptySet(toRemote);
  });
  const gone = links.filter((link) => !kept.includes(link));
  await unit.remove(
    kind,
    gone.map(({ localId }) => localId),
  );
  await unit.dropLinks(
    object,
    gone.map(({ externalId }) => externalId),
  );
  await unit.saveLinks(kept.map((link) => ({ ...link, parted: true })));
  await unit.replaceConflicts(object, externalIds, kept.map(deletedThere));
  await unit.replaceRejections('pull', object, externalIds, []);
  await unit.replaceMissing(object, externalIds, []);
}
