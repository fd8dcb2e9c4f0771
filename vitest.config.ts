import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { slimUplot } from './packages/web/slim-uplot.ts';
import { chromiumFlags, chromiumPath } from './test/support/chromium.ts';
import { ClosingLine } from './test/support/closing-line.ts';

const minute = 60_000;
/** Tests start processes by the dozen, each of which would read all of its sources anew. */
const compileCache = {
  NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)),
};
/** A leak up to a thread's limit of memory can take a process along that is full of other tests' modules. */
const leaking = 'packages/agent/src/external/isolate.test.ts';
const wholeProcesses = {
  setupFiles: ['test/support/bounded-properties.ts'],
  globalSetup: ['test/support/log-check.ts', 'test/support/web-build.ts'],
  testTimeout: 5 * minute,
  hookTimeout: 2 * minute,
  experimental: { viteModuleRunner: false },
  env: compileCache,
};

// The tool wants a default export.
export default defineConfig(async () => ({
  test: {
    reporters: ['default', new ClosingLine()],
    projects: [
      {
        test: {
          name: 'unit',
          // Reading the sources anew for each file takes longer than most of the tests.
          isolate: false,
          experimental: { viteModuleRunner: false },
          env: compileCache,
          sequence: { groupOrder: 0 },
          include: ['packages/*/src/**/*.test.ts', 'test/promql/**/*.test.ts'],
          exclude: ['**/*.browser.test.ts', leaking],
          setupFiles: ['test/support/bounded-properties.ts'],
          globalSetup: ['packages/collector/src/storage/testing-setup.ts', 'test/support/log-check.ts'],
          testTimeout: minute,
          hookTimeout: minute,
          // Many wait for a database or a timer: two at least, where there are two cores.
          maxWorkers: Math.max(2, availableParallelism() - 1),
        },
      },
      {
        root: 'packages/web',
        // As it is built: slimUplot reads it as it is.
        plugins: [slimUplot()],
        optimizeDeps: {
          exclude: ['uplot'],
          include: ['lit', 'lit/decorators.js', 'lit/directives/ref.js', 'lit/directives/repeat.js', 'axe-core'],
        },
        test: {
          name: 'browser',
          sequence: { groupOrder: 1 },
          include: ['src/**/*.browser.test.ts'],
          testTimeout: minute,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              contextOptions: { locale: 'en-US' },
              launchOptions: { executablePath: await chromiumPath(), args: [...chromiumFlags] },
            }),
            instances: [{ browser: 'chromium' as const }],
          },
        },
      },
      {
        test: {
          ...wholeProcesses,
          name: 'e2e',
          sequence: { groupOrder: 2 },
          include: ['test/**/*.test.ts'],
          exclude: ['test/promql/**', 'test/host/**'],
          // They load the CPU, but wait as long: two, where there are two cores.
          maxWorkers: Math.max(2, availableParallelism() - 1),
        },
      },
      {
        test: {
          ...wholeProcesses,
          name: 'host',
          // What an agent sees of the machine itself: on one that is quiet but for them.
          sequence: { groupOrder: 3 },
          include: ['test/host/**/*.test.ts'],
          fileParallelism: false,
        },
      },
      { test: { name: 'leaking', sequence: { groupOrder: 4 }, include: [leaking], testTimeout: minute } },
    ],
  },
}));
