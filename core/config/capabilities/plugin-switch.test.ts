import { expect, test } from 'vitest';
import type { FeatureSource } from './read-features.ts';
import { switchOf } from './plugin-switch.ts';

const plugin = { name: 'crm', features: ['one', 'two', 'three'] };

function source(file: boolean | null, environment: boolean | null = null): FeatureSource {
  const override = environment === null ? null : { variable: 'FF_X', enabled: environment };
  return { decidedBy: 'default', file, environment: override, default: false };
}

test('in the file a plugin is on if any of its keys is on', () => {
  const one = source(true);
  expect(switchOf(plugin, { one, two: source(false) }).file).toBe(true);
  expect(switchOf(plugin, { one: source(null), two: source(false) }).file).toBe(false);
  expect(switchOf(plugin, { one: source(null) }).file).toBeNull();
  expect(switchOf(plugin, { other: one }).file).toBeNull();
});

test('in the environment it is on if any of its variables is on, and says which one decided', () => {
  const off = { ...source(true), environment: { variable: 'FF_ONE', enabled: false } };
  const on = { ...source(null), environment: { variable: 'FF_TWO', enabled: true } };
  expect(switchOf(plugin, { one: off, two: on }).environment).toEqual({ variable: 'FF_TWO', enabled: true });
  expect(switchOf(plugin, { one: off, two: source(true) })).toEqual({
    environment: { variable: 'FF_ONE', enabled: false },
    file: true,
  });
});
