/** A node of an OpenAPI document that is an object. */
type Node = Readonly<Record<string, unknown>>;

/**
 * The part of an OpenAPI document that the client's types come from, in an order that does not depend on the order in
 * which plugins were loaded. Of the answers those of success are left, since the client throws the others; each schema
 * with a title becomes a component of that name; the body of a route that takes a file becomes `format: binary`; a
 * `filter` may be given as an object.
 */
export function prepareDocument(document: unknown): Node {
  const { paths, components, ...rest } = nodeOf(document);
  const { Problem } = nodeOf(nodeOf(components)['schemas']);
  const schemas = new TitledSchemas();
  const prepared = sorted(Object.entries(nodeOf(paths)).map(([path, item]) => [path, pathItem(item)]));
  return {
    ...rest,
    paths: schemas.referred(prepared),
    components: { schemas: sorted([...schemas.found(), ['Problem', Problem]]) },
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
    const successes = Object.entries(nodeOf(responses)).filter(([status]) => Number(status) < 300);
    return {
      ...about,
      ...(Array.isArray(parameters) ? { parameters: parameters.map(parameterOf) } : {}),
      ...(requestBody === undefined ? {} : { requestBody: bodyOf(nodeOf(requestBody)) }),
      responses: Object.fromEntries(successes),
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

/** Schemas that carry a title, gathered while a document is gone through. */
class TitledSchemas {
  readonly #schemas = new Map<string, { readonly schema: Node; readonly text: string }>();

  /** The value with a reference in place of each schema that has a title. Throws when two schemas share one. */
  referred(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.referred(item));
    if (!isNode(value)) return value;
    const schema = mapped(value, (item) => this.referred(item));
    const { title } = value;
    if (typeof title !== 'string' || !isSchema(value)) return schema;
    const text = JSON.stringify(schema);
    const known = this.#schemas.get(title);
    if (known !== undefined && known.text !== text) {
      throw new Error(
        `Two schemas have the title ${title}; give one of them another.\n${known.text}\n${text}`,
      );
    }
    this.#schemas.set(title, { schema, text });
    return { $ref: `#/components/schemas/${title}` };
  }

  found(): [title: string, schema: Node][] {
    return Array.from(this.#schemas, ([title, { schema }]) => [title, schema]);
  }
}

/** A property named `title` stands among others that are objects; the title of a schema beside its type. */
function isSchema(value: Node): boolean {
  return typeof value['type'] === 'string' || Array.isArray(value['anyOf']) || Array.isArray(value['allOf']);
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
