import { afterEach, expect, test } from 'vitest';
import { killAll } from '../support/processes.ts';
import { chaos } from './chaos/chaos.ts';

afterEach(killAll);

// For longer: `pnpm test:chaos MINUTES`.
test('whatever is killed, stopped, cut off or full, each sample is stored once or dropped for a reason, each job runs once, and nobody is told twice', async () => {
  const { ledgers, alerts, told, faults, again, jobs } = await chaos({ seconds: 8, seed: 7 });
  const total = Object.values(faults).reduce((sum, times) => sum + times, 0);
  expect(total).toBeGreaterThan(1);
  for (const { taken, sent, stored, dropped, state } of Object.values(ledgers)) {
    expect(stored).toBeGreaterThan(0);
    expect({ sent, taken, state }).toMatchObject({ sent: stored, taken: stored + dropped });
    expect(state).not.toBe('fault');
  }
  expect(alerts).toEqual({ 'chaos-a': 1, 'chaos-b': 1, 'chaos-c': 1 });
  expect(new Set(told).size).toBe(told.length);
  // Once more under its key is what a receiver tells apart; each has a fault before it.
  expect(again).toBeLessThanOrEqual(total);
  expect(jobs.submitted).toBeGreaterThan(0);
  expect(jobs).toMatchObject({ succeeded: jobs.submitted, runs: jobs.submitted, charged: jobs.cost });
});
