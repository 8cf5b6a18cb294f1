import { expect, test } from 'vitest';
import { killUnderWrites } from './kill-scenario.ts';

/** How often the appliance is killed; the benchmark `kill.bench.ts` does so fifty times. */
const kills = Number(process.env['ORCHESTRALL_KILLS'] ?? 4);

test(
  'kill -9 during writes and imports loses, doubles and reorders nothing',
  async () => {
    const report = await killUnderWrites({ kills, writers: 4, rowsPerImport: 3_000, longestMs: 1_500 });
    expect(report.faults).toEqual([]);
    expect(report.acknowledgedContacts).toBeGreaterThan(0);
    expect(report.acknowledgedImports).toBeGreaterThan(0);
  },
  120_000 + kills * 15_000,
);
