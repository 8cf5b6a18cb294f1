import { Id } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import { maxTagLength } from './tag.ts';

/** What every list of records is searched by; `searched` names the fields that `q` looks into. */
export function searchFilters(searched: string) {
  const description = `Each word must begin a word of the ${searched}; case and accents do not matter. Where nothing is found so, words with a typing error are taken.`;
  return {
    q: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description })),
    list: Type.Optional(Type.String({ ...Id, description: 'Only members of this list.' })),
    tag: Type.Optional(Type.String({ minLength: 1, maxLength: maxTagLength })),
  };
}
