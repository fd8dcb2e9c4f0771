import { afterAll, expect, test } from 'vitest';
import { temporaryFolder } from '../support/processes.ts';
import { killStorage } from './storage/kills.ts';

const folder = await temporaryFolder();
afterAll(() => folder.remove());

test('storage killed in the middle of ingest, compaction, deletion and retention loses nothing and doubles nothing', async () => {
  const done = await killStorage(`${folder.path}/data`, 8, 1);
  expect(done.sealedHours).toBeGreaterThan(0);
  expect(done.samples).toBeGreaterThan(1000);
});
