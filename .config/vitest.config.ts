import { defineConfig } from 'vitest/config';

/** Unit tests stand beside the code; suites that start real servers live in `test/`. */
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['core/**/*.test.ts', 'plugins/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    globalSetup: ['core/testing/global-servers.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Node's own loader, as in the product: plugins and core then share one copy of the SDK.
    experimental: { viteModuleRunner: false },
  },
});
