import { expect, test } from 'vitest';
import { storedSeries } from '../testing.ts';
import { AnomalyRates } from './anomaly-rates.ts';
import { Evidence } from './evidence.ts';

const scope = { tenantId: 1, tenant: 'tenant-1' };
const binMs = 10_000;

/** Hosts of one group, whose series are unusual in so many of ten samples. */
function createGroup() {
  const rates = new AnomalyRates();
  const schemas = new Map<string, ReturnType<typeof storedSeries>['schema']>();
  return {
    forget: (host: string) => rates.forget(scope, host),
    /** @returns the share of the group as its host knows it, once the bin after is begun */
    observe(host: string, bin: number, unusual: number): number | undefined {
      const { schema } = storedSeries([0], { t0: 0, metric: { name: 'busy', kind: 'gauge', unit: '', help: '' } });
      const series = ['a', 'b'].map((disk) => ({ metric: 0, labels: { env: 'prod', disk } }));
      const own = schemas.get(host) ?? { ...schema, host, schema: { ...schema.schema, series } };
      schemas.set(host, own);
      const evidence = new Evidence(1, 5);
      evidence.begin(0, 10, binMs);
      evidence.judge(
        Uint32Array.from({ length: 10 }, (_, row) => row),
        10,
      );
      evidence.unusualCounts.fill(1, 0, unusual);
      const times = Float64Array.from({ length: 10 }, (_, row) => bin * binMs + row * 1_000);
      rates.observe(own, times, 0, evidence);
      const taken = rates.take((_, name) => name === host)[0];
      return taken?.series.find(({ metric }) => metric.name === 'group_anomaly_ratio')?.values.at(-1);
    },
  };
}

test("a group's share is that of all its hosts' newest samples, without those that are silent for a minute or gone", () => {
  const { observe, forget } = createGroup();
  for (const bin of [0, 1]) observe('c', bin, 10);
  const shares = Array.from({ length: 11 }, (_, bin) => {
    observe('a', bin, 0);
    return observe('b', bin, 2);
  });
  // What came first is known when the next ten seconds begin; what came of the third host ended a minute before the 8th.
  expect(shares).toEqual([undefined, ...Array(7).fill(0.4), ...Array(3).fill(0.1)]);
  forget('b');
  expect(observe('a', 11, 0)).toBe(0);
});

test('a host whose clock is ahead neither keeps those that are silent in its group nor puts the others out of it', () => {
  const { observe } = createGroup();
  const ahead = 28;
  const shares = Array.from({ length: 12 }, (_, bin) => {
    if (bin < 3) observe('dead', bin, 10);
    observe('a', bin, 0);
    if (bin < 2) observe('fast', bin + ahead, 0);
    return observe('b', bin, 2);
  });
  // Of four hosts' samples, and of three once what came of the one that is dead ended a minute before.
  expect(shares).toEqual([undefined, ...Array(8).fill(0.3), ...Array(3).fill(0.0667)]);
});
