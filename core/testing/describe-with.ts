import { describe } from 'vitest';

/**
 * A suite that needs something of the machine. With `missing` naming what it lacks it is skipped, which its title says,
 * or fails when `ORCHESTRALL_REQUIRE_SERVERS=1`.
 */
export function describeWith(title: string, missing: string | undefined, suite: () => void): void {
  if (missing === undefined) describe(title, suite);
  else if (process.env['ORCHESTRALL_REQUIRE_SERVERS'] === '1') {
    throw new Error(`${title}: this machine lacks ${missing}`);
  } else describe.skip(`${title} (lacks ${missing})`, suite);
}
