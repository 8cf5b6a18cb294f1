import type { ParamsOption } from 'openapi-fetch';
import type { paths } from './schema.d.ts';

/** A method that a path may have. */
export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** The paths that have this method. */
export type PathWith<Verb extends Method> = {
  [Path in keyof paths]: Verb extends keyof paths[Path] ? Path : never;
}[keyof paths];

/** What the document says of one method of one path. */
export type Operation<Path extends keyof paths, Verb extends Method> = Verb extends keyof paths[Path]
  ? paths[Path][Verb]
  : never;

/** The body of the operation's answer: parsed JSON, text of another media type, or undefined. */
export type Data<Of> = Of extends { responses: infer Responses } ? BodyOf<Responses[keyof Responses]> : never;
type BodyOf<Answer> = Answer extends { content: infer Content } ? Content[keyof Content] : undefined;

/** The paths whose `GET` gives pages. */
export type PagedPath = {
  [Path in PathWith<'get'>]: Data<Operation<Path, 'get'>> extends {
    items: unknown[];
    next_cursor: string | null;
  }
    ? Path
    : never;
}[PathWith<'get'>];

/** One of what the pages of a path hold. */
export type Item<Path extends PagedPath> =
  Data<Operation<Path, 'get'>> extends { items: (infer One)[] } ? One : never;

/** What the body of the operation may be. */
export type Body<Of> = Of extends { requestBody?: { content: infer Content } }
  ? Content[keyof Content]
  : undefined;

/** What every request may be sent with. */
export interface CommonOptions {
  /** Headers beside those of `params.header`, and before them. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends the request, its attempts and the waits between them. */
  readonly signal?: AbortSignal;
}

/** What a request of the operation is sent with; `params` and `body` are required where the document says so. */
export type Options<Of> = CommonOptions & ParamsOption<Of> & BodyOption<Of>;

type BodyOption<Of> = Of extends { requestBody: { content: infer Content } }
  ? Sent<Content>
  : Of extends { requestBody?: { content: infer Content } }
    ? Partial<Sent<Content>>
    : { readonly body?: never; readonly contentType?: never };

/** JSON is sent as such unless told otherwise; the media type of a file has to be said. */
type Sent<Content> = 'application/json' extends keyof Content
  ? { readonly body: Content[keyof Content]; readonly contentType?: keyof Content & string }
  : { readonly body: Content[keyof Content]; readonly contentType: keyof Content & string };

/** The options as last parameter, which may be left out when none is required. */
export type OptionsParameter<Of> =
  object extends Options<Of> ? [options?: Options<Of>] : [options: Options<Of>];
