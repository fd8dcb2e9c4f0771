import { afterEach, expect, test } from 'vitest';
import { killAll } from '../support/processes.ts';
import { runFleet } from './run.ts';

afterEach(killAll);

// Larger ones: `pnpm test:fleet AGENTS SERIES INTERVAL_S SECONDS COLLECTORS`.
test('a fleet on two collectors: what agents took is stored, and each host that fails is told of', async () => {
  const shape = { agents: 40, series: 20, intervalMs: 1_000, flushMs: 2_000 };
  const { counts, storedSamples, alerts } = await runFleet({ ...shape, collectors: 2, seconds: 4, failing: 2 });
  expect(counts).toMatchObject({ waitingBatches: 0, dropped: {}, sentSamples: counts.takenSamples });
  expect(storedSamples).toBe(counts.takenSamples);
  expect(alerts.expected).toBeGreaterThan(0);
  expect(alerts.decided).toBe(alerts.expected);
});
