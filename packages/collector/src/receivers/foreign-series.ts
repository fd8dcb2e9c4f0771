import { seriesSignature, type Labels, type MetricDescription, type UnixMs } from '@tarsier/protocol';
import type { FormatSample } from '@tarsier/protocol/formats';

/** Samples of one series as another system sends them: of any host, with times of their own, in any order. */
export interface ForeignSeries {
  readonly metric: MetricDescription;
  /** May include those that say which host it is. */
  readonly labels: Labels;
  /** Says which series it is: the same whenever it is sent, and of no other. What is cheapest for the door. */
  readonly key: string;
  /** Unix ms. */
  readonly times: ArrayLike<number>;
  /** As many. A typed array keeps the bits of a NaN: one of them marks a series as stale. */
  readonly values: Float64Array;
}

/** Samples of a text, put together by series. @param now  for those that say no time */
export function seriesOf(samples: readonly FormatSample[], now: UnixMs): ForeignSeries[] {
  const bySignature = new Map<string, FormatSample[]>();
  for (const sample of samples) {
    const signature = seriesSignature({ name: sample.metric.name, labels: sample.labels });
    const list = bySignature.get(signature);
    if (list === undefined) bySignature.set(signature, [sample]);
    else list.push(sample);
  }
  return Array.from(bySignature, ([key, list]) => {
    const [{ metric, labels }] = list as [FormatSample, ...FormatSample[]];
    return {
      metric,
      labels,
      key,
      times: list.map(({ time }) => time ?? now),
      values: Float64Array.from(list, ({ value }) => value),
    };
  });
}
