import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { webIsOutdated } from '../../scripts/web.ts';
import { temporaryFolder } from '../support/processes.ts';

const folder = await temporaryFolder();
afterAll(() => folder.remove());

const [page, embed, modules] = ['index.html', 'embed/tarsier.js', 'modules/tarsier.js'] as const;
const root = `${folder.path}/`;
const builtAt = (file: string, time: Date): void => {
  mkdirSync(new URL('.', `file://${root}${file}`), { recursive: true });
  writeFileSync(root + file, '');
  utimesSync(root + file, time, time);
};
/** After all sources, and before. */
const [late, early] = [new Date(Date.now() + 3_600_000), new Date(0)];

test('what is built is outdated when any of its parts is older than a source, or is not there', () => {
  for (const file of [page, embed, modules]) builtAt(file, late);
  expect(webIsOutdated(root)).toBe(false);
  for (const file of [page, embed, modules]) {
    // A source that was changed during the build is newer than what was built before it.
    builtAt(file, early);
    expect(webIsOutdated(root), `${file} is older`).toBe(true);
    rmSync(root + file);
    expect(webIsOutdated(root), `${file} is missing`).toBe(true);
    builtAt(file, late);
  }
});
