import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** A whole run of its own, over files that are made for it. */
async function runTests(files: Readonly<Record<string, string>>): Promise<{ last: string; code: number }> {
  // Within the workspace, so that they find vitest.
  const caches = join(root, 'node_modules/.cache');
  await mkdir(caches, { recursive: true });
  const folder = await mkdtemp(join(caches, 'closing-line-'));
  folders.push(folder);
  const reporter = JSON.stringify(join(root, 'test/support/closing-line.ts'));
  const config = `import { ClosingLine } from ${reporter};
    export default { test: { include: ['*.test.ts'], exclude: [], reporters: ['default', new ClosingLine()], globalSetup: ${JSON.stringify(
      Object.keys(files).filter((name) => name === 'setup.ts'),
    )} } };`;
  for (const [name, text] of Object.entries({ ...files, 'vitest.config.ts': config })) {
    await writeFile(
      join(folder, name),
      `import { afterAll, beforeAll, describe, expect, test } from 'vitest';\n${text}`,
    );
  }
  return new Promise((resolve) => {
    execFile(process.execPath, [vitest, 'run', '--root', folder], { cwd: folder }, (error, stdout, stderr) => {
      const last = stdout.trimEnd().split('\n').at(-1) ?? '';
      const code = typeof error?.code === 'number' ? error.code : 0;
      resolve({ last: last === '' ? stderr : last, code });
    });
  });
}

const good = "test('good', () => {});";
const bad = "test('bad', () => expect(1).toBe(2));";

test.each([
  ['passes', { 'a.test.ts': good, 'b.test.ts': good }, '2 passed, 0 failed', 0],
  ['a failed test', { 'a.test.ts': `${good}${bad}` }, '1 passed, 1 failed', 1],
  ['a skipped test', { 'a.test.ts': `${good}test.skip('later', () => {});` }, '1 passed, 1 failed', 1],
  [
    'a test that needs what is not here',
    { 'a.test.ts': `${good}test('x', ({ skip }) => skip('needs y'));` },
    '1 passed, 0 failed',
    0,
  ],
  [
    'a test that is skipped while it runs',
    { 'a.test.ts': `${good}test('x', ({ skip }) => skip('no'));` },
    '1 passed, 1 failed',
    1,
  ],
  ['a test that is still to be written', { 'a.test.ts': `${good}test.todo('later');` }, '1 passed, 1 failed', 1],
  ['a file that does not load', { 'a.test.ts': good, 'b.test.ts': "throw new Error('no');" }, '1 passed, 1 failed', 1],
  ['a file without tests', { 'a.test.ts': good, 'b.test.ts': '' }, '1 passed, 1 failed', 1],
  [
    'an error that nobody awaits',
    { 'a.test.ts': `${good}void Promise.reject(new Error('lost'));` },
    '1 passed, 1 failed',
    1,
  ],
  [
    'a clean-up of a file that fails',
    { 'a.test.ts': `${good}afterAll(() => { throw new Error('no'); });` },
    '1 passed, 1 failed',
    1,
  ],
  [
    'a clean-up of a group that fails',
    { 'a.test.ts': `describe('group', () => { ${good} afterAll(() => { throw new Error('no'); }); });` },
    '1 passed, 1 failed',
    1,
  ],
  [
    'a preparation that fails',
    { 'a.test.ts': `beforeAll(() => { throw new Error('no'); }); ${good}` },
    '0 passed, 2 failed',
    1,
  ],
  [
    'a set-up of the whole run that fails',
    { 'a.test.ts': good, 'setup.ts': "export function setup() { throw new Error('no'); }" },
    '0 passed, 1 failed',
    1,
  ],
  ['no test at all', { 'a.ts': '' }, '0 passed, 1 failed', 1],
])('the closing line counts %s', async (_, files, line, code) => {
  expect(await runTests(files)).toEqual({ last: line, code });
});
