import type { Reporter, TestModule } from 'vitest/node';

/**
 * Prints `N passed, N failed` as the last line of a run. A skipped test counts as failed, because skipping is not
 * passing; so do files that could not be loaded and errors outside of any test.
 */
export class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandledErrors.length;
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      for (const test of tests) {
        if (test.result().state === 'passed') passed++;
        else failed++;
      }
      if (module.errors().length > 0 || tests.length === 0) failed++;
      // Of a group's own, as of its clean-up: no test of it tells.
      for (const suite of module.children.allSuites()) if (suite.errors().length > 0) failed++;
    }
    // A run that never came to its tests has failed, too.
    if (modules.length === 0) failed++;
    if (failed > 0) process.exitCode = 1;
    // After the default reporter's summary.
    process.once('exit', () => process.stdout.write(`${passed} passed, ${failed} failed\n`));
  }
}
