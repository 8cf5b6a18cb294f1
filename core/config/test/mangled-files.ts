import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { acmeClient, productionFile } from './founding-files.ts';

/** Stands in every secret that the files, variables and overrides of a run hold. */
export const marker = 'hunter2';

/** What the mangled files may ask for; each holds the marker. */
export const secretVariables: Readonly<Record<string, string>> = {
  SALESFORCE_URL: `https://${marker}.example`,
  WEBHOOK_SECRET: `${marker}-and-longer-than-that`,
  JWT_SECRET: marker,
  SLACK_WEBHOOK_URL: `https://hooks.example/${marker}`,
  SMTP_SERVER: `${marker} 25`,
  TOKEN: marker,
};

const trees = [acmeClient, `client: {id: a}\n${productionFile}`].map((text): unknown => parse(text));

const oddKeys = ['__proto__', 'constructor', 'toString', '<<', '', ' ', 'a.b', 'ü', '0', 'client', 'enabled'];
const oddValues: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  2 ** 60,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  '',
  ' ',
  'yes',
  '2026-01-01',
  new Date(0),
  '\u2028\u0000\u200b',
  'x'.repeat(1_048_576),
  [],
  {},
  [[[[]]]],
  { enabled: 'on' },
  marker,
  `postgres://u:${marker}@db/x`,
  `\${TOKEN} \${file:secret}`,
  '${file:secret}',
  '${file:folder}',
  '${file:gone}',
  '${TOKEN}',
  `\${GONE:-${marker}}`,
  '${GONE}',
  '${',
  '${}',
  '$${TOKEN}',
];

/** One change of a tree: at which of its mappings, to which key, and what. */
const change = fc.record({
  at: fc.nat({ max: 40 }),
  key: fc.nat({ max: 8 }),
  act: fc.constantFrom('delete', 'retype', 'rename', 'add', 'wrap'),
  oddKey: fc.constantFrom(...oddKeys),
  value: fc.constantFrom(...oddValues),
});

type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

function mappingsIn(value: unknown): Map<unknown, unknown>[] {
  if (value instanceof Map) return [value, ...[...value.values()].flatMap(mappingsIn)];
  return Array.isArray(value) ? value.flatMap(mappingsIn) : [];
}

/** A copy with maps for objects, so that no key means anything to JavaScript. */
function asMaps(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asMaps);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return new Map(Object.entries(value).map(([key, item]) => [key, asMaps(item)]));
}

function apply(root: unknown, { at, key, act, oddKey, value }: Change): void {
  const mappings = mappingsIn(root);
  const mapping = mappings[at % Math.max(1, mappings.length)];
  const name = [...(mapping?.keys() ?? [])].at(key % Math.max(1, mapping?.size ?? 1));
  if (mapping === undefined) return;
  if (act === 'add') mapping.set(oddKey, asMaps(value));
  if (name === undefined) return;
  const old = mapping.get(name);
  if (act === 'retype') mapping.set(name, asMaps(value));
  if (act === 'wrap') mapping.set(name, [old, old]);
  if (act === 'delete' || act === 'rename') mapping.delete(name);
  if (act === 'rename') mapping.set(oddKey, old);
}

/** A client file of which some keys and values are others, written as valid YAML. */
export const mangledTree = fc
  .record({ tree: fc.constantFrom(...trees), changes: fc.array(change, { minLength: 1, maxLength: 6 }) })
  .map(({ tree, changes }) => {
    const root = asMaps(tree);
    for (const one of changes) apply(root, one);
    return stringify(root, { aliasDuplicateObjects: false });
  });

// Separated by spaces, with \s for a space in one.
const fragments =
  '${ } :\\s \n \t -\\s &a\\s *a !x\\s " \' # [ { | > % ? \r \0 \ufeff \u0085 \u2028 --- !!js/function\\s"f" <<:\\s*a'
    .split(' ')
    .map((fragment) => fragment.replaceAll('\\s', ' '));

/** A client file with pieces of text cut out and put in, as a slip of the hand does; often no YAML any more. */
export const mangledText = fc
  .record({
    source: fc.constantFrom(acmeClient, `client: {id: a}\n${productionFile}`),
    lineEnd: fc.constantFrom('\n', '\n', '\r\n', '\r'),
    start: fc.constantFrom('', '', '\ufeff'),
    splices: fc.array(
      fc.record({
        at: fc.nat({ max: 700 }),
        cut: fc.nat({ max: 30 }),
        text: fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom(...fragments)),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    doubled: fc.option(fc.nat({ max: 25 })),
  })
  .map(({ source, lineEnd, start, splices, doubled }) => {
    let text = source;
    for (const { at, cut, text: put } of splices) text = text.slice(0, at) + put + text.slice(at + cut);
    const lines = text.split('\n');
    if (doubled !== null) lines.splice(doubled, 0, ...lines.slice(doubled, doubled + 1));
    return start + lines.join(lineEnd);
  });
