import { afterEach, expect, test } from 'vitest';
import { killAll } from '../support/processes.ts';
import { chaos } from './chaos/chaos.ts';

afterEach(killAll);

// For longer: `pnpm test:chaos MINUTES`.
test('whatever is killed, stopped, cut off or full, each sample is stored once or dropped for a reason, and nobody is told twice', async () => {
  const { ledgers, alerts, told, faults } = await chaos({ seconds: 8, seed: 7 });
  expect(Object.keys(faults).length).toBeGreaterThan(0);
  for (const { taken, sent, stored, dropped, state } of Object.values(ledgers)) {
    expect(stored).toBeGreaterThan(0);
    expect({ sent, taken, state }).toMatchObject({ sent: stored, taken: stored + dropped });
    expect(state).not.toBe('fault');
  }
  expect(alerts).toEqual({ 'chaos-a': 1, 'chaos-b': 1, 'chaos-c': 1 });
  expect(new Set(told).size).toBe(told.length);
});
