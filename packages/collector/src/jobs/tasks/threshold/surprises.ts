/** What the detectors of a setting would have said of the past: their surprise as series. */
import { TarsierError, type UnixMs } from '@tarsier/protocol';
import type { DetectionSetting } from '@tarsier/protocol/api';
import { seriesDetectors } from '../../../detect/registry.ts';
import type { LabelledColumn } from '../../../query/engine.ts';
import type { LabelSet } from '../../../query/label-set.ts';
import { parseSelector } from '../../../query/language/parse.ts';
import type { JobContext } from '../../job-type.ts';
import { seriesOver } from '../ask-engine.ts';

/** What chosen detectors look at: means of so long. */
const binMs = 10_000;
/** A query has at most 11,000 points of a series. */
const readMs = 86_400_000;
const rateOver = '1m';
const mostSeries = 10;

/**
 * @returns for each series the largest surprise of each step, of whichever detector
 * @throws {TarsierError} `jobs/series`, `jobs/payload`
 */
export async function readSurprises(
  { engine, query, scope, signal }: Pick<JobContext, 'engine' | 'query' | 'scope' | 'signal'>,
  { selector, detectors }: Pick<DetectionSetting, 'selector' | 'detectors'>,
  { start, end, stepMs }: { readonly start: UnixMs; readonly end: UnixMs; readonly stepMs: number },
): Promise<readonly LabelledColumn[]> {
  const kinds = seriesDetectors.filter(({ name }) => detectors.includes(name));
  if (kinds.length === 0) {
    throw new TarsierError(
      'jobs/payload',
      `payload.setting: expected one with at least one of ${seriesDetectors.map(({ name }) => name).join(', ')}`,
      { field: 'payload.setting' },
    );
  }
  const [first] = await query.series(scope, parseSelector(selector), 1);
  const text =
    first?.kind === 'counter' ? `rate(${selector}[${rateOver}])` : `avg_over_time(${selector}[${binMs / 1_000}s])`;
  interface Running {
    readonly labels: LabelSet;
    readonly detectors: readonly { push(time: number, value: number): number }[];
    readonly column: { readonly times: Float64Array; readonly values: Float64Array };
  }
  const running = new Map<string, Running>();
  const steps = Math.floor((end - start) / stepMs) + 1;
  for (let from = start; from <= end; from += readMs) {
    signal.throwIfAborted();
    const to = Math.min(end, from + readMs - binMs);
    const series = await seriesOver({ engine, scope, signal }, { query: text, start: from, end: to, stepMs: binMs });
    for (const { labels, times, values } of series) {
      let one = running.get(labels.key);
      if (one === undefined) {
        if (running.size === mostSeries) {
          throw new TarsierError(
            'jobs/series',
            `${selector}: expected at most ${mostSeries} series; narrow the setting`,
          );
        }
        one = {
          labels,
          detectors: kinds.map((kind) => kind.create(running.size + 1)),
          column: {
            times: Float64Array.from({ length: steps }, (_, step) => start + step * stepMs),
            values: new Float64Array(steps).fill(Number.NaN),
          },
        };
        running.set(labels.key, one);
      }
      for (const [at, time] of times.entries()) {
        const surprises = one.detectors.map((detector) => detector.push(time, values[at] ?? Number.NaN));
        const surprise = Math.max(...surprises.filter((each) => !Number.isNaN(each)));
        const step = Math.ceil((time - start) / stepMs);
        const former = one.column.values[step] ?? Number.NaN;
        if (Number.isFinite(surprise) && !(former >= surprise)) one.column.values[step] = surprise;
      }
    }
  }
  return Array.from(running.values(), ({ labels, column }) => withoutGaps(labels, column));
}

function withoutGaps(
  labels: LabelSet,
  { times, values }: { readonly times: Float64Array; readonly values: Float64Array },
): LabelledColumn {
  const kept = Array.from(values.keys()).filter((at) => !Number.isNaN(values[at]));
  return {
    labels,
    times: Float64Array.from(kept, (at) => times[at] ?? 0),
    values: Float64Array.from(kept, (at) => values[at] ?? 0),
  };
}

/** A part of the time, the same values. */
export function within(
  series: readonly LabelledColumn[],
  { start, end }: { readonly start: UnixMs; readonly end: UnixMs },
): readonly LabelledColumn[] {
  return series.map(({ labels, times, values }) => {
    const from = times.findIndex((time) => time >= start);
    const after = times.findIndex((time) => time > end);
    const range = [from === -1 ? times.length : from, after === -1 ? times.length : after] as const;
    return { labels, times: times.subarray(...range), values: values.subarray(...range) };
  });
}
