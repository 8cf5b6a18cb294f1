import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ManifestDocument } from './manifest/document.ts';
import { resolvePlugins } from './resolve.ts';
import type { Resolution } from './resolve.ts';

type Edge = readonly [provider: string, required?: boolean, range?: string];

/** A plugin that provides a contract of its own name and needs those of others. */
function plugin(
  name: string,
  needs: readonly Edge[] = [],
  rest: Partial<ManifestDocument> = {},
): ManifestDocument {
  return {
    name,
    version: '1.0.0',
    engine: '^1.0.0',
    features: [name],
    prefixes: [`/api/v1/${name}`],
    emits: [],
    hosts: [],
    rollback_floor: null,
    providers: ['builtin'],
    config: {},
    needs: needs.map(([contract, required = true, range = '^1.0.0']) => ({
      name: contract,
      contract,
      range,
      required,
    })),
    provides: { name, version: '1.0.0', events: [] },
    ...rest,
  };
}

function resolve(manifests: readonly ManifestDocument[], off: readonly string[] = []): Resolution {
  const wanted = new Set(manifests.map(({ name }) => name).filter((name) => !off.includes(name)));
  return resolvePlugins({ manifests, wanted, engineVersion: '1.4.2' });
}

/** Refusals as `name: code, code`. */
function codes({ refused }: Resolution): string[] {
  return [...refused]
    .map(([name, reasons]) => `${name}: ${reasons.map(({ code }) => code).join(', ')}`)
    .toSorted();
}

describe('resolvePlugins()', () => {
  test('puts providers before consumers, optional ones too', () => {
    const { order, refused } = resolve([
      plugin('a', [['b'], ['d', false]]),
      plugin('b', [['c']]),
      plugin('c'),
      plugin('d'),
    ]);
    expect(order).toEqual(['c', 'b', 'd', 'a']);
    expect(refused.size).toBe(0);
  });

  test('an optional need for what is missing, off, too old or in a circle does not hold a plugin back', () => {
    const manifests = [
      plugin('a', [
        ['absent', false],
        ['off', false],
        ['b', false, '^2.0.0'],
        ['c', false],
      ]),
      plugin('b'),
      plugin('c', [['a']]),
      plugin('off'),
    ];
    expect(resolve(manifests, ['off'])).toEqual({ order: ['b', 'a', 'c'], refused: new Map() });
  });

  test('names a cycle as a path for each of its members, and what needs them', () => {
    const found = resolve([
      plugin('a', [['b']]),
      plugin('b', [['c']]),
      plugin('c', [['a']]),
      plugin('d', [['a']]),
      plugin('e', [['d'], ['z']]),
      plugin('f'),
      plugin('z', [], { engine: '^2.0.0' }),
    ]);
    expect(found.order).toEqual(['f']);
    expect(codes(found)).toEqual([
      'a: cycle',
      'b: cycle',
      'c: cycle',
      'd: provider_refused',
      'e: provider_refused, provider_refused',
      'z: engine',
    ]);
    expect(found.refused.get('e')?.map(({ reason }) => reason)).toEqual([
      'needs the contract z ^1.0.0, whose plugin z cannot run',
      'needs d, which cannot run: its needs form a cycle: a -> b -> c -> a',
    ]);
    expect(found.refused.get('a')?.[0]?.reason).toBe('its needs form a cycle: a -> b -> c -> a');
    expect(found.refused.get('b')?.[0]?.reason).toBe('its needs form a cycle: b -> c -> a -> b');
  });

  test.each<[string, ManifestDocument[], readonly string[], string[], string]>([
    [
      'a core that is too old',
      [plugin('a', [], { engine: '^2.0.0' })],
      [],
      ['a: engine'],
      'version ^2.0.0, and this is 1.4.2',
    ],
    [
      'a missing provider',
      [plugin('a', [['z']])],
      [],
      ['a: provider_missing'],
      'needs the contract z ^1.0.0, which no plugin',
    ],
    [
      'a provider that is off',
      [plugin('a', [['z']]), plugin('z')],
      ['z'],
      ['a: provider_off'],
      'whose plugin z is off',
    ],
    [
      'a provider that cannot run',
      [plugin('a', [['z']]), plugin('z', [], { engine: '*', version: '1.0.1' }), plugin('z')],
      [],
      ['a: provider_refused', 'z: name_taken'],
      'whose plugin z cannot run',
    ],
    [
      'a provider in another version',
      [plugin('a', [['z', true, '^2.1.0']]), plugin('z')],
      [],
      ['a: provider_version'],
      'needs the contract z ^2.1.0, but z 1.0.0 provides 1.0.0',
    ],
    [
      'the prefix of an earlier one',
      [plugin('z'), plugin('a', [], { prefixes: ['/api/v1/a', '/api/v1/z'] })],
      [],
      ['a: prefix_taken'],
      'the URL prefix /api/v1/z belongs to the plugin z',
    ],
    [
      'the feature of an earlier one',
      [plugin('z'), plugin('a', [], { features: ['z'] })],
      [],
      ['a: feature_taken'],
      'feature key z',
    ],
    [
      'the contract and an event of an earlier one',
      [
        plugin('z', [], { emits: [{ type: 'thing.made', data: {} }] }),
        plugin('a', [], {
          provides: { name: 'z', version: '1.0.0', events: [{ type: 'thing.made', data: {} }] },
        }),
      ],
      [],
      ['a: contract_taken, event_taken'],
      'the contract z belongs to the plugin z',
    ],
  ])('refuses a plugin with %s', (_name, manifests, off, expected, reason) => {
    const found = resolve(manifests, off);
    expect(codes(found)).toEqual(expected);
    expect([...found.refused.values()].flat().map((each) => each.reason)).toContainEqual(
      expect.stringContaining(reason),
    );
    expect([...found.refused.values()].flat().every(({ remedy }) => remedy.endsWith('.'))).toBe(true);
  });

  test('nested prefixes do not clash, and one that lost a claim takes none from a third', () => {
    const found = resolve([
      plugin('a', [], { prefixes: ['/api/v1/a'] }),
      plugin('b', [], { prefixes: ['/api/v1/a/b'] }),
      plugin('c', [], { features: ['a'], prefixes: ['/api/v1/c'] }),
      plugin('d', [], { prefixes: ['/api/v1/c'] }),
    ]);
    expect(found.order).toEqual(['a', 'b', 'd']);
  });

  /** Any plugins with any needs among them, cycles and missing ones included; a part of them wanted. */
  const world = fc
    .integer({ min: 1, max: 9 })
    .chain((count) =>
      fc.record({
        needs: fc.array(
          fc.array(fc.tuple(fc.integer({ min: 0, max: count }), fc.boolean()), { maxLength: 3 }),
          {
            minLength: count,
            maxLength: count,
          },
        ),
        off: fc.array(fc.integer({ min: 0, max: count - 1 }), { maxLength: 2 }),
      }),
    )
    .map(({ needs, off }) => ({
      manifests: needs.map((edges, index) => {
        const others = new Map(edges.filter(([other]) => other !== index));
        return plugin(
          `p${index}`,
          [...others].map(([other, required]) => [`p${other}`, required] as const),
        );
      }),
      off: off.map((index) => `p${index}`),
    }));

  test('every wanted plugin either runs after all it requires or has a reason', () => {
    fc.assert(
      fc.property(world, ({ manifests, off }) => {
        const { order, refused } = resolve(manifests, off);
        for (const { name, needs } of manifests) {
          const place = order.indexOf(name);
          expect([place >= 0, refused.has(name)]).toEqual(
            off.includes(name) ? [false, false] : [place >= 0, place < 0],
          );
          if (place < 0) continue;
          for (const { contract, required } of needs) {
            if (required) expect(order.slice(0, place)).toContain(contract);
          }
        }
      }),
    );
  });

  test('a plugin is refused only for something it depends on', () => {
    fc.assert(
      fc.property(world, ({ manifests, off }) => {
        const { order } = resolve(manifests, off);
        const runs = new Set(order);
        // The largest set that can run, found by taking away until nothing changes: what is left is acyclic only if
        // each of it can be placed, so what cannot be placed goes too.
        const placed = new Set<string>();
        const isPlaceable = ({ name, needs }: ManifestDocument): boolean =>
          !off.includes(name) && needs.every((need) => !need.required || placed.has(need.contract));
        for (let before = -1; before < placed.size;) {
          before = placed.size;
          for (const manifest of manifests.filter(isPlaceable)) placed.add(manifest.name);
        }
        expect(runs).toEqual(placed);
      }),
    );
  });
});
