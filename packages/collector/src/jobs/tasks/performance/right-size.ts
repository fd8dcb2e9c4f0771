/** What a host or container should ask for, by percentiles of what it used, and how often that would not do. Pure. */
import type { RightSize } from '@tarsier/protocol/api';
import { formatPercent } from '../../../stats/format.ts';
import { meanOf } from '../../../stats/mean.ts';
import { quantileOf } from '../../../stats/quantile.ts';

export interface UsePast {
  readonly kind: RightSize['kind'];
  readonly name: string;
  readonly host: string;
  readonly has: RightSize['has'];
  /** Used, in time order. */
  readonly cores: Float64Array;
  readonly bytes: Float64Array;
}

/** As Kubernetes' vertical pod autoscaler has it: percentiles, and 15 % more. */
const percentiles = { cores: 0.95, bytes: 0.99 } as const;
const margin = 1.15;
/** How often a request may be too small: CPU is shared then, memory is killed for. */
const tolerable = { cores: 0.05, bytes: 0.01 } as const;
const heldOut = 0.25;
/** Fewer steps say nothing of the rest. */
export const leastSteps = 24;
/** One-sided 95 %. */
const z95 = 1.645;
const least = { cores: 0.01, bytes: 1024 * 1024 } as const;

/** @returns undefined where too little is known */
export function rightSize({ kind, name, host, has, cores, bytes }: UsePast): RightSize | undefined {
  const steps = Math.min(cores.length, bytes.length);
  if (steps < leastSteps) return undefined;
  const cut = Math.ceil(steps * (1 - heldOut));
  const past = { cores: cores.subarray(0, cut), bytes: bytes.subarray(0, cut) };
  const later = { cores: cores.subarray(cut, steps), bytes: bytes.subarray(cut, steps) };
  const by = (of: (values: Float64Array, which: 'cores' | 'bytes') => number): RightSize['request'] => ({
    cores: Math.max(least.cores, Math.ceil(100 * margin * of(past.cores, 'cores')) / 100),
    bytes: Math.max(least.bytes, Math.ceil((margin * of(past.bytes, 'bytes')) / least.bytes) * least.bytes),
  });
  const request = by((values, which) => quantileOf(values.toSorted(), percentiles[which]));
  const byMaximum = by((values) => Math.max(...values));
  const byMean = by(meanOf);
  const risk = {
    cpu: overShare(later.cores, request.cores),
    memory: overShare(later.bytes, request.bytes),
    cpuHigh: upperBound(later.cores, request.cores),
    memoryHigh: upperBound(later.bytes, request.bytes),
  };
  const worst = (size: RightSize['request']): number =>
    Math.max(overShare(later.cores, size.cores), overShare(later.bytes, size.bytes));
  const isSmaller =
    request.cores <= byMaximum.cores && request.bytes <= byMaximum.bytes && worstChange(request, byMaximum);
  const isBetter = isSmaller && risk.cpu <= tolerable.cores && risk.memory <= tolerable.bytes;
  return {
    kind,
    name,
    host,
    has,
    request,
    risk,
    byMaximum,
    byMean,
    riskByMaximum: worst(byMaximum),
    riskByMean: worst(byMean),
    isBetter,
    reason: `${request.cores} cores and ${Math.round(request.bytes / least.bytes)} MiB by the first ${cut} of ${steps} steps would have been too small for CPU in ${formatPercent(risk.cpu)} of the others (at most ${formatPercent(risk.cpuHigh)}), for memory in ${formatPercent(risk.memory)} (at most ${formatPercent(risk.memoryHigh)})`,
  };
}

const worstChange = (a: RightSize['request'], b: RightSize['request']): boolean =>
  a.cores < b.cores || a.bytes < b.bytes;

function overShare(values: Float64Array, size: number): number {
  return values.length === 0 ? 1 : values.filter((value) => value > size).length / values.length;
}

/**
 * Upper end of the share of time in which a size does not do (Wilson 1927), for as many independent steps as there are
 * when each goes on like the one before (Bartlett 1946).
 */
function upperBound(values: Float64Array, size: number): number {
  if (values.length === 0) return 1;
  const alike = Math.min(0.95, Math.max(0, autocorrelation(values)));
  const count = Math.max(2, (values.length * (1 - alike)) / (1 + alike));
  const share = overShare(values, size);
  const square = (z95 * z95) / count;
  const centre = share + square / 2;
  const half = z95 * Math.sqrt((share * (1 - share)) / count + square / (4 * count));
  return Math.min(1, (centre + half) / (1 + square));
}

/** Of a step and the next. */
function autocorrelation(values: Float64Array): number {
  const mean = meanOf(values);
  let [products, squares] = [0, 0];
  for (const [at, value] of values.entries()) {
    squares += (value - mean) ** 2;
    const next = values[at + 1];
    if (next !== undefined) products += (value - mean) * (next - mean);
  }
  return squares === 0 ? 0 : products / squares;
}
