import Type from 'typebox';
import type { TObject, TSchema } from 'typebox';
import type { Caller } from '../../http.ts';
import type { ResourceService } from '../service.ts';
import { maxPageLimit } from '../query/page.ts';

/** Records that `include` answers inside others, such as the company inside a contact. */
export interface Relation {
  /** How `include` calls it and under which name it is answered, such as `company`. */
  readonly name: string;
  /** The field that holds the related record's id, such as `company_id`. */
  readonly field: string;
  /** A related record as it is answered. */
  readonly record: TObject;
  /**
   * The related records of a page, at most 200 distinct ids, in one query and in any order. Those that do not exist or
   * that the caller does not see are absent, and are answered as null.
   */
  load(ids: readonly string[], by: Caller): Promise<readonly object[]>;
}

/** What a relation to the records of another resource is made of. */
export interface RelationToResource extends Pick<Relation, 'name' | 'field'> {
  readonly resource: { readonly record: TObject };
  /** Asked for the records by their ids, with the caller's rights. */
  readonly service: Pick<ResourceService, 'list'>;
}

/** A relation to the records of another resource, whose own rules say what the caller sees of them. */
export function relationTo({ name, field, resource, service }: RelationToResource): Relation {
  return {
    name,
    field,
    record: resource.record,
    async load(ids, by) {
      const { items } = await service.list({ filter: { id: { in: [...ids] } }, limit: maxPageLimit }, by);
      return items;
    },
  };
}

/** The schemas of related records by the names under which they are answered. */
export function relatedSchemas(relations: readonly Relation[]): (readonly [string, TSchema])[] {
  return relations.map(({ name, field, record: { properties } }) => [
    name,
    Type.Unsafe<object | null>({
      type: ['object', 'null'],
      description: `What \`${field}\` refers to, where \`include\` asks for it; null for nothing that the caller sees.`,
      properties,
    }),
  ]);
}
