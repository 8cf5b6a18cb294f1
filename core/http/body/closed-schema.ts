const named = new Set(['properties', '$defs', 'definitions']);
const subschemas = new Set([
  ...named,
  'items',
  'prefixItems',
  'anyOf',
  'oneOf',
  'allOf',
  'additionalProperties',
]);

/**
 * A copy of a request schema in which each object that lists its properties refuses others, unless the schema itself
 * says what it does with them. Parts of an `allOf` stay open, since each sees the properties of the others.
 */
export function closeSchema(schema: unknown): unknown {
  return copy(schema, true);
}

function copy(value: unknown, closes: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => copy(item, closes));
  if (typeof value !== 'object' || value === null) return value;
  // Descriptors are kept because TypeBox marks its kinds with properties that are not enumerable.
  const descriptors = Object.getOwnPropertyDescriptors(value);
  for (const [key, descriptor] of Object.entries(descriptors)) {
    if (!subschemas.has(key)) continue;
    const inner: unknown = descriptor.value;
    descriptor.value = named.has(key) ? copyEach(inner, closes) : copy(inner, closes && key !== 'allOf');
  }
  const closed: object = Object.create(Object.getPrototypeOf(value), descriptors);
  const decided =
    'additionalProperties' in value || 'unevaluatedProperties' in value || 'patternProperties' in value;
  if (closes && !decided) {
    if ('properties' in value) Object.assign(closed, { additionalProperties: false });
    else if ('allOf' in value) Object.assign(closed, { unevaluatedProperties: false });
  }
  return closed;
}

function copyEach(schemas: unknown, closes: boolean): unknown {
  if (typeof schemas !== 'object' || schemas === null) return schemas;
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, copy(schema, closes)]));
}
