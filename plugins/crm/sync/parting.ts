import type { Conflict, Link } from './state.ts';

/** The link of a record deleted here: it is not made again, for whoever deleted it may have had to; nothing is kept. */
export function partedHere(link: Link): Link {
  return { ...link, base: {}, kept: {}, parted: true };
}

/** A record that is still there, or is there again, while ours was deleted. */
export function deletedHere(link: Link): Conflict {
  return parting(link, 'deleted_here');
}

/** A record that was deleted there while ours has changes. */
export function deletedThere(link: Link): Conflict {
  return parting(link, 'deleted_there');
}

function parting({ object, externalId, localId }: Link, reason: Conflict['reason']): Conflict {
  const nothing = { field: '', local: null, remote: null, base: null, resolution: null };
  return { object, externalId, localId, reason, ...nothing };
}
