import Type from 'typebox';
import { maxTagLength } from './tag.ts';

/** What every list of records is searched by; `searched` names the fields that `q` looks into. */
export function searchFilters(searched: string) {
  const description = `Each word must begin a word of the ${searched}; case and accents do not matter.`;
  return {
    q: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description })),
    tag: Type.Optional(Type.String({ minLength: 1, maxLength: maxTagLength })),
  };
}
