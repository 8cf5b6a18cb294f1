import { expect, test } from 'vitest';
import { surviveKills } from '../bench/kills/survive-kills.ts';

test('an import whose process is killed ends with the same rows, refusals and events as one undisturbed', async () => {
  const survival = await surviveKills({ rows: 3_000, kills: 3, random: Math.random });
  expect(survival.differences).toEqual([]);
  expect(survival.killed).toEqual({ node: 2, both: 1 });
  expect(survival.compared).toBeGreaterThan(12_000 - 4 * 30);
}, 300_000);
