import type { Reporter, TestModule } from 'vitest/node';

/**
 * Prints `N passed, N failed` as the last line of a run. A skipped test counts as failed, because skipping is not
 * passing; so do files that could not be loaded and errors outside of any test. One that says itself that it needs a
 * program which this machine does not have is named before that line, and counts for neither.
 */
export class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandledErrors.length;
    const notRun: string[] = [];
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      for (const test of tests) {
        const result = test.result();
        if (result.state === 'passed') passed++;
        else if (result.state === 'skipped' && result.note?.startsWith('needs ') === true) {
          notRun.push(`not run, ${result.note}: ${test.name}\n`);
        } else failed++;
      }
      if (module.errors().length > 0 || tests.length === 0) failed++;
      // Of a group's own, as of its clean-up: no test of it tells.
      for (const suite of module.children.allSuites()) if (suite.errors().length > 0) failed++;
    }
    // A run that never came to its tests has failed, too.
    if (modules.length === 0) failed++;
    if (failed > 0) process.exitCode = 1;
    // After the default reporter's summary.
    process.once('exit', () => process.stdout.write(`${notRun.join('')}${passed} passed, ${failed} failed\n`));
  }
}
