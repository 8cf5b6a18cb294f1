import type { Shape } from './list-request.ts';

/** What every answer to a record has. */
interface Shaped {
  readonly id: string;
  readonly version: number;
}

/** A record with the fields that were asked for; all where none were. */
export function shaped(record: Shaped, { fields }: Shape): Shaped {
  if (fields === undefined) return record;
  const { id, version } = record;
  return { ...Object.fromEntries(Object.entries(record).filter(([name]) => fields.has(name))), id, version };
}
