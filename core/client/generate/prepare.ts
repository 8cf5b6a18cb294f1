/** A node of an OpenAPI document that is an object. */
type Node = Readonly<Record<string, unknown>>;

/**
 * The part of an OpenAPI document that the client's types come from, in an order that does not depend on the order in
 * which plugins were loaded. Of the answers those of success are left, since the client throws the others; schemas with
 * a title become components of that name; the body of a route that takes a file becomes `format: binary`; a
 * `filter` may be given as an object.
 */
export function prepareDocument(document: unknown): Node {
  const { paths, components, ...rest } = nodeOf(document);
  const { Problem } = nodeOf(nodeOf(components)['schemas']);
  const prepared = sorted(Object.entries(nodeOf(paths)).map(([path, item]) => [path, pathItem(item)]));
  const names = namedSchemas(prepared);
  const schemas = Array.from(names, ([title, text]): [string, unknown] => {
    const schema: unknown = JSON.parse(text);
    return [title, referring(schema, names, schema)];
  });
  return {
    ...rest,
    paths: referring(prepared, names),
    components: { schemas: sorted([...schemas, ['Problem', Problem]]) },
  };
}

/** The operations that take an `Idempotency-Key`, such as `POST /api/v1/crm/contacts`, in the document's order. */
export function keyedOperations({ paths }: Node): string[] {
  return Object.entries(nodeOf(paths)).flatMap(([path, item]) =>
    Object.entries(nodeOf(item)).flatMap(([method, operation]) => {
      const { parameters } = nodeOf(operation);
      const isKeyed =
        Array.isArray(parameters) &&
        parameters.some((parameter) => /^idempotency-key$/i.test(String(nodeOf(parameter)['name'])));
      return isKeyed ? [`${method.toUpperCase()} ${path}`] : [];
    }),
  );
}

function pathItem(item: unknown): Node {
  return mapped(nodeOf(item), (operation) => {
    const { responses, requestBody, parameters, security: _roles, ...about } = nodeOf(operation);
    const given = Array.isArray(parameters) ? parameters.map(parameterOf) : [];
    const successes = Object.entries(nodeOf(responses)).filter(([status]) => Number(status) < 300);
    // Who prefers an answer without the record knows that there is none; all others would have to look.
    const hasMinimal = successes.length > 1 && given.some(({ name }) => name === 'prefer');
    return {
      ...about,
      ...(given.length === 0 ? {} : { parameters: given }),
      ...(requestBody === undefined ? {} : { requestBody: bodyOf(nodeOf(requestBody)) }),
      responses: Object.fromEntries(successes.filter(([status]) => !hasMinimal || status !== '204')),
    };
  });
}

/** The client writes an object in the query as JSON, which is what a filter is. */
function parameterOf(parameter: unknown): Node {
  const { schema, ...about } = nodeOf(parameter);
  if (about['in'] !== 'query' || about['name'] !== 'filter') return { ...about, schema };
  return { ...about, schema: { anyOf: [schema, { type: 'object', additionalProperties: true }] } };
}

function bodyOf({ content, ...about }: Node): Node {
  const media = Object.entries(nodeOf(content)).map(([type, described]) =>
    /[/+]json$/.test(type) ? [type, described] : [type, { schema: { type: 'string', format: 'binary' } }],
  );
  return { ...about, content: Object.fromEntries(media) };
}

/** The schemas that get a name: of those with one title, such as a record whole and in parts, the one that stands most. */
function namedSchemas(document: unknown): Map<string, string> {
  const counts = new Map<string, Map<string, number>>();
  const count = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const title = titleOf(value);
    if (title !== undefined) {
      const known = counts.get(title) ?? new Map<string, number>();
      const text = JSON.stringify(value);
      counts.set(title, known.set(text, (known.get(text) ?? 0) + 1));
    }
    for (const item of Object.values(value)) count(item);
  };
  count(document);
  return new Map(Array.from(counts, ([title, known]) => [title, commonest(known)]));
}

function commonest(counts: ReadonlyMap<string, number>): string {
  return [...counts].reduce((most, other) => (other[1] > most[1] ? other : most))[0];
}

/** The value with a reference in place of each schema that has a name; `except` stays as it is. */
function referring(value: unknown, names: ReadonlyMap<string, string>, except?: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => referring(item, names));
  if (!isNode(value)) return value;
  const title = titleOf(value);
  if (value !== except && title !== undefined && names.get(title) === JSON.stringify(value)) {
    return { $ref: `#/components/schemas/${title}` };
  }
  return mapped(value, (item) => referring(item, names));
}

/** The title of a schema; a property named `title` stands among others, that of a schema beside its type. */
function titleOf(value: object): string | undefined {
  const isSchema = 'type' in value || 'anyOf' in value || 'allOf' in value;
  return isSchema && 'title' in value && typeof value.title === 'string' ? value.title : undefined;
}

function sorted(entries: readonly (readonly [string, unknown])[]): Node {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function mapped(node: Node, change: (value: unknown) => unknown): Node {
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, change(value)]));
}

function nodeOf(value: unknown): Node {
  return isNode(value) ? value : {};
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
