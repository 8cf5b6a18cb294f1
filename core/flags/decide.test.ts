import { expect, test } from 'vitest';
import { decide, type FlagSources } from './decide.ts';

const at = (second: number): Date => new Date(second * 1000);
const yaml = { enabled: true, changedAt: at(10) };

test.each<[string, FlagSources, boolean, ReturnType<typeof decide>]>([
  ['nothing is known', {}, true, { enabled: true, decidedBy: 'default' }],
  ['only the YAML speaks', { yaml }, false, { enabled: true, decidedBy: 'yaml' }],
  [
    'the API spoke after the YAML',
    { yaml, admin: { enabled: false, changedAt: at(11) } },
    true,
    { enabled: false, decidedBy: 'admin' },
  ],
  [
    'the YAML was edited after the API spoke',
    { yaml: { enabled: true, changedAt: at(12) }, admin: { enabled: false, changedAt: at(11) } },
    false,
    { enabled: true, decidedBy: 'yaml' },
  ],
  [
    'both spoke at one instant',
    { yaml, admin: { enabled: false, changedAt: at(10) } },
    true,
    { enabled: false, decidedBy: 'admin' },
  ],
  [
    'the environment overrides both',
    { yaml, environment: { enabled: false, variable: 'FF_X' }, admin: { enabled: true, changedAt: at(99) } },
    true,
    { enabled: false, decidedBy: 'environment' },
  ],
  [
    'the kill switch is above all',
    { yaml, environment: { enabled: true, variable: 'FF_X' }, kill: { changedAt: at(1) } },
    true,
    { enabled: false, decidedBy: 'kill_switch' },
  ],
])('decide() when %s', (_case, sources, fallback, expected) => {
  expect(decide(sources, fallback)).toEqual(expected);
});
