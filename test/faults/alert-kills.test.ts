import { afterAll, expect, test } from 'vitest';
import { killAll, temporaryFolder } from '../support/processes.ts';
import { killAlerting } from './alerts/kills.ts';

const folder = await temporaryFolder();
afterAll(async () => {
  killAll();
  await folder.remove();
});

test('collectors killed between a sample and the record of its notification: each incident is told once, and its end', async () => {
  const done = await killAlerting(`${folder.path}/data`, 4);
  expect(done.incidents).toBe(8);
  expect(done.atPoint).toBeGreaterThan(0);
});
