import type { Resource } from './resource.ts';

/** `getContact` of the action `get` and the resource `contact`; `listDealStages` of `deal stages`. */
export function operationId(action: string, noun: string): string {
  const [first = '', ...words] = `${action} ${noun}`.split(/[\s_-]+/);
  return first + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

/** A name with its article. */
export function withArticle(name: string): string {
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name.replaceAll('_', ' ')}`;
}

/** Who may read and who may change. */
export function accessOf({ access = {} }: Resource) {
  return { read: access.read ?? 'viewer', write: access.write ?? 'operator' };
}

/** The statuses of a refusal that only records which become part of others have. */
export function goneOf({ merges = false }: Resource): readonly number[] {
  return merges ? [410] : [];
}
