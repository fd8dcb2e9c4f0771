import { afterAll, expect, test } from 'vitest';
import { storm } from '../alerts/storm.ts';
import { killAll, temporaryFolder } from '../support/processes.ts';

const folder = await temporaryFolder();
afterAll(async () => {
  killAll();
  await folder.remove();
});

test('50 hosts lose their database: people get at most three notifications, its name first, and no alert is lost', async () => {
  const report = await storm(`${folder.path}/data`, { hosts: 50, withinMs: 3_000, groupIntervalMs: 10_000 });
  expect(report).toMatchObject({ alerts: 401, lost: 0, incidents: 1 });
  expect(report.told.length).toBeLessThanOrEqual(3);
  expect(report.told.at(-1)).toContain('Database down on db-1 and 400 more alerts on 51 hosts');
  // Told by itself, or why not.
  expect(Object.values(report.reasons).reduce((sum, count) => sum + count)).toBe(401);
  expect(Object.keys(report.reasons)).not.toContain('none');
});
