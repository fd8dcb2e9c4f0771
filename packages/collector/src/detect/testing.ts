import type { MetricDescription } from '@tarsier/protocol';
import type { StoredSamples } from '../stored-samples.ts';

/** Noise of a standard normal distribution, the same at every run (Box and Muller 1958; mulberry32). */
export function createNoise(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** One series' samples, a second apart, as ingest hands them on. */
export function storedSeries(
  values: readonly number[],
  {
    t0,
    metric,
    seriesId = 1,
    host = 'a',
    tenantId = 1,
  }: { t0: number; metric: MetricDescription; seriesId?: number; host?: string; tenantId?: number },
): StoredSamples {
  return {
    epoch: 1,
    seq: 0,
    schema: {
      scope: { tenantId, tenant: `tenant-${tenantId}` },
      hostId: 1,
      host,
      hash: new Uint8Array(16),
      schema: { metrics: [metric], series: [{ metric: 0, labels: {} }] },
      seriesIds: Int32Array.of(seriesId),
    },
    matrix: {
      times: Float64Array.from(values, (_, row) => t0 + row * 1000),
      width: 1,
      values: Float64Array.from(values),
      ...(values.some(Number.isNaN)
        ? { present: Uint8Array.from(values, (value) => Number(!Number.isNaN(value))) }
        : {}),
    },
  };
}
