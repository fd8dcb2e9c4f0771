import { afterAll, expect, test } from 'vitest';
import { temporaryFolder } from '../support/processes.ts';
import { killWorkers } from './jobs/kills.ts';

const folder = await temporaryFolder();
afterAll(() => folder.remove());

test('workers killed at a step each of claiming, ending and keeping jobs lose nothing, and nothing is charged twice', async () => {
  const done = await killWorkers(`${folder.path}/data`, 6);
  expect(done.jobs).toBe(180);
  expect(done.takenOver).toBeGreaterThan(0);
});
