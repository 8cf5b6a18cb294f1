import type { TObject, TProperties } from 'typebox';
import type { Database } from '../../database.ts';
import type { Access, HttpInstance } from '../../http.ts';
import type { Relation } from '../relations/relation.ts';
import type { ResourceService } from '../service.ts';

/** What a resource is called and made of, for its routes and their description. */
export interface Resource {
  /** Singular, such as `place`. */
  readonly name: string;
  /** Plural: the tag of its routes in OpenAPI. */
  readonly plural: string;
  /** Of the collection, such as `/api/v1/places`. */
  readonly path: string;
  /** A whole record; its title names it in OpenAPI. */
  readonly record: TObject;
  /** What a record is created with. */
  readonly input: TObject;
  /** What a merge patch may hold; default all of `input`, optional. */
  readonly patch?: TObject;
  /** Least roles for reading and for changing; default `viewer` and `operator`. */
  readonly access?: { readonly read?: Access; readonly write?: Access };
  /** Whether a change must name the version it is meant for; default false. */
  readonly requireMatch?: boolean;
  /** Whether a record may become part of another one, by whose id it is then answered with 410; default false. */
  readonly merges?: boolean;
  /** Related records that `include` may ask for; default none. */
  readonly relations?: readonly Relation[];
  /** Filters of the list beside the conventions' own. */
  readonly filters?: TProperties;
  /** What is worth knowing of a list, a creation, a deletion; sentences. */
  readonly notes?: { readonly list?: string; readonly create?: string; readonly delete?: string };
  /** Routes that the plugin declares itself in their place. */
  readonly except?: readonly ResourceRoute[];
}

/** The routes of a resource. */
export type ResourceRoute = 'list' | 'query' | 'create' | 'get' | 'update' | 'delete' | 'batch';

/** What the routes of a resource stand on. */
export interface ResourceRoutesOptions {
  readonly app: HttpInstance;
  readonly resource: Resource;
  readonly service: ResourceService;
  /** Where changes are made. */
  readonly database: Database;
}
