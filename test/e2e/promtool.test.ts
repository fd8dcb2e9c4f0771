import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { needs, outcomeOf } from '../support/debian-program.ts';

const folder = fileURLToPath(new URL('../../packages/collector/src/alert/rule-tests/testdata/', import.meta.url));
const collector = fileURLToPath(new URL('../../packages/collector/src/main.ts', import.meta.url));
const tarsier = (...args: readonly string[]) => outcomeOf(process.execPath, [collector, ...args], folder);

/** What failed: `alert NAME at TIME`, or `EXPR at TIME`. */
const failedHere = (text: string): readonly string[] =>
  Array.from(text.matchAll(/^ {4}line \d+: (.*)$/gmu), ([, what = '']) => what);
const failedThere = (text: string): readonly string[] =>
  Array.from(
    text.matchAll(/^ +(?:alertname: (.*?)|expr: (".*?")|rule: .*?), time: (\w+),/gmu),
    ([, alert, expr, time = '']) => {
      if (expr !== undefined) return `${String(JSON.parse(expr))} at ${time}`;
      return alert === undefined
        ? `rules could not be evaluated at ${time.replace(/m0s$/u, 'm')}`
        : `alert ${alert} at ${time}`;
    },
  );

test('rule unit tests that pass end with 0, and those that fail with 1', async () => {
  expect(await tarsier('test-rules', 'passing.test.yaml')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^passing\.test\.yaml\n[\s\S]*\n1 file: 3 passed, 0 failed\n$/u),
  });
  expect(await tarsier('test-rules', 'broken.test.yaml')).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('FAIL  two on one side'),
  });
});

test('promtool says of each check of the same files what we say', async (context) => {
  await needs(context, 'promtool', 'prometheus');
  const files = ['passing.test.yaml', 'failing.test.yaml', 'broken.test.yaml'];
  const [here, there] = await Promise.all([
    tarsier('test-rules', ...files),
    outcomeOf('promtool', ['test', 'rules', ...files], folder),
  ]);
  expect(here.code, here.stdout).toBe(there.code);
  expect(failedHere(here.stdout)).toEqual(failedThere(there.stderr));
  expect(failedHere(here.stdout)).toHaveLength(8);
});

// groups/export-rules.test.ts does so with our own evaluation.
test('promtool accepts what rules are exported as, and the tests of the default rules pass there', async (context) => {
  await needs(context, 'promtool', 'prometheus');
  const exported = fileURLToPath(new URL('../../packages/collector/src/alert/testdata/', import.meta.url));
  expect(await outcomeOf('promtool', ['check', 'rules', 'default.rules.yaml'], exported)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('SUCCESS: 18 rules found'),
  });
  const tests = ['default.test.yaml', 'default-days.test.yaml'];
  expect(await outcomeOf('promtool', ['test', 'rules', ...tests], exported)).toMatchObject({ code: 0 });
});
