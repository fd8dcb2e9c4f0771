/** Functions over classic histograms: series that differ by the label `le` alone. */
import { argument, type CallContext, type VectorFunction } from '../evaluate/call.ts';
import { mergeSame } from '../evaluate/merge.ts';
import { isQuantile } from '../evaluate/quantile.ts';
import { emptySeries, type VectorSeries } from '../evaluate/value.ts';
import { metricName, type LabelSet } from '../label-set.ts';
import { formatPlain, formatShort } from '../language/number.ts';
import { bucketFraction, bucketQuantile, repairBuckets, type RepairedBuckets } from './buckets.ts';

interface Histogram {
  readonly labels: LabelSet;
  readonly name: string;
  readonly buckets: readonly { readonly upperBound: number; readonly series: VectorSeries }[];
}

/** @param index  of the argument with the buckets */
async function histograms(context: CallContext, index: number): Promise<readonly Histogram[]> {
  const byKey = new Map<string, { labels: LabelSet; name: string; buckets: Histogram['buckets'][number][] }>();
  for (const series of await context.vector(index)) {
    const le = series.labels.get('le');
    const name = series.labels.get(metricName);
    const upperBound = parseBound(le);
    if (upperBound === undefined) {
      context.annotations.warn(
        `bucket label "le" is missing or has a malformed value of ${JSON.stringify(le)} for metric name ${JSON.stringify(name)}`,
        argument(context, index).span,
      );
      continue;
    }
    const labels = series.labels.without(new Set(['le']));
    const known = byKey.get(labels.key);
    if (known === undefined) byKey.set(labels.key, { labels, name, buckets: [{ upperBound, series }] });
    else known.buckets.push({ upperBound, series });
  }
  return [...byKey.values()];
}

function parseBound(le: string): number | undefined {
  if (/^\+?inf(?:inity)?$/iu.test(le)) return Infinity;
  if (/^-inf(?:inity)?$/iu.test(le)) return -Infinity;
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu.test(le) ? Number(le) : undefined;
}

/** One value per histogram and step that has any bucket. */
async function ofHistograms(
  context: CallContext,
  index: number,
  evaluate: (repaired: RepairedBuckets | undefined, step: number) => number,
  relabel: (labels: LabelSet) => LabelSet = (labels) => labels,
): Promise<readonly VectorSeries[]> {
  const { count } = context.steps;
  const results: VectorSeries[] = [];
  for (const { labels, name, buckets } of await histograms(context, index)) {
    const result = emptySeries(relabel(labels), true, count);
    for (let step = 0; step < count; step++) {
      const present = buckets.filter(({ series }) => series.present[step] === 1);
      if (present.length === 0) continue;
      const repaired = repairBuckets(
        present.map(({ upperBound, series }) => ({ upperBound, count: series.values[step] ?? 0 })),
      );
      if (repaired?.forced === true) noteForced(context, index, name);
      result.values[step] = evaluate(repaired, step);
      result.present[step] = 1;
    }
    results.push(result);
    await context.pause();
  }
  return mergeSame(results);
}

function noteForced(context: CallContext, index: number, name: string): void {
  context.annotations.info(
    'input to histogram_quantile needed to be fixed for monotonicity (see ' +
      `https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile) for metric name ${JSON.stringify(name)}`,
    argument(context, index).span,
  );
}

function checkQuantiles(context: CallContext, phis: Float64Array, index: number): void {
  for (const phi of new Set(phis)) {
    if (isQuantile(phi)) continue;
    context.annotations.warn(
      `quantile value should be between 0 and 1, got ${formatShort(phi)}`,
      argument(context, index).span,
    );
  }
}

const histogramQuantile: VectorFunction = async (context) => {
  const phis = await context.scalar(0);
  checkQuantiles(context, phis, 0);
  return ofHistograms(context, 1, (repaired, step) => bucketQuantile(phis[step] ?? Number.NaN, repaired));
};

/** Several quantiles at once, each with its φ as a label. */
const histogramQuantiles: VectorFunction = async (context) => {
  const label = context.string(1);
  const results: VectorSeries[] = [];
  for (let index = 2; index < context.call.args.length; index++) {
    const phis = await context.scalar(index);
    checkQuantiles(context, phis, index);
    const text = openMetricsNumber(phis[0] ?? Number.NaN);
    results.push(
      ...(await ofHistograms(
        context,
        0,
        (repaired, step) => bucketQuantile(phis[step] ?? Number.NaN, repaired),
        (labels) => labels.with(label, text),
      )),
    );
  }
  return mergeSame(results);
};

/** Always with a point: `1.0`. */
function openMetricsNumber(value: number): string {
  const text = formatPlain(value);
  return /^-?\d+$/u.test(text) ? `${text}.0` : text;
}

const histogramFraction: VectorFunction = async (context) => {
  const [lower, upper] = [await context.scalar(0), await context.scalar(1)];
  return ofHistograms(context, 2, (repaired, step) =>
    bucketFraction(lower[step] ?? Number.NaN, upper[step] ?? Number.NaN, repaired),
  );
};

/** Only a native histogram has its count, sum and spread in one sample: of plain numbers nothing is left. */
const ofNative: VectorFunction = async (context) => {
  await context.vector(0);
  return [];
};

export const histogramFunctions = {
  histogram_avg: ofNative,
  histogram_count: ofNative,
  histogram_fraction: histogramFraction,
  histogram_quantile: histogramQuantile,
  histogram_quantiles: histogramQuantiles,
  histogram_stddev: ofNative,
  histogram_stdvar: ofNative,
  histogram_sum: ofNative,
} satisfies Readonly<Record<string, VectorFunction>>;
