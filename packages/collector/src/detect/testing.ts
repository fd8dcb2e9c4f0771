import type { MetricDescription } from '@tarsier/protocol';
import type { StoredSamples } from '../stored-samples.ts';
import type { SeriesDetector } from './detector.ts';

export { createNoise } from '../stats/noise.ts';

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
      agent: true,
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

const recordingStart = Date.UTC(2026, 0, 1);
export const recordingStepMs = 10_000;

/** Time of a step of what {@link judge} is given. */
export const timeOfStep = (step: number): number => recordingStart + step * recordingStepMs;

/** Surprises of values, one each ten seconds, the first of them at a step. */
export function judge(detector: SeriesDetector, values: readonly number[], from = 0): number[] {
  return values.map((value, index) => detector.push(timeOfStep(from + index), value));
}

/** The first of what comes. */
export function take<Value>(length: number, next: () => Value): Value[] {
  return Array.from({ length }, next);
}
