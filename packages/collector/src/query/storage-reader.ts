import type { Rollup } from '@tarsier/protocol/chunk';
import type { TenantScope } from '../tenant.ts';
import { isRollupFunction, needsCounter } from './functions/rollup-functions.ts';
import { LabelSet } from './label-set.ts';
import type { Query, SeriesResult } from './query.ts';
import { between } from './memory-reader.ts';
import { edgeSamples, exactWidth, finestWidth, isFinite, type RollupWidth } from './resolution.ts';
import { samplesPerBucket, type SelectRequest, type SeriesReader, type StoredSeries } from './series-reader.ts';

/**
 * The evaluator's door to what is stored: samples; rollups where they give the same answer and are less to read; and
 * rollups where they are all that is left.
 */
export function createStorageReader({
  query,
}: {
  readonly query: Pick<Query, 'samples' | 'rollups' | 'reach'>;
}): SeriesReader {
  /** From rollups what they can tell exactly, from samples the rest. */
  async function exact(
    scope: TenantScope,
    { matchers, from, to, hints: { call }, limits, room }: SelectRequest,
    width: RollupWidth,
    signal: AbortSignal | undefined,
  ): Promise<StoredSeries[]> {
    const counters = isRollupFunction(call) && needsCounter(call);
    const rollups = await query.rollups(scope, {
      matchers,
      from: from - 1,
      to,
      width,
      limits: inBuckets(limits),
      signal,
      ...(counters ? { only: ({ kind }) => kind === 'counter' } : {}),
    });
    const fit = rollups.filter(({ rollup }) => isFinite(rollup));
    const found = fit.map(({ series, rollup }) => asRollup(LabelSet.ofSeries(series), rollup, width));
    if (fit.length === rollups.length && !counters) return found;
    const known = new Set(fit.map(({ series }) => series.seriesId));
    const only = ({ seriesId }: SeriesResult['series']): boolean => !known.has(seriesId);
    const samples = await query.samples(scope, { matchers, from, to, limits, signal, room, only });
    return [...found, ...samples.map(asSamples)];
  }

  /** Samples have expired: looks go back by a bucket at least, and see whole buckets or the edges of them. */
  async function coarse(
    scope: TenantScope,
    { matchers, from, to, hints: { call, rangeMs }, limits }: SelectRequest,
    width: RollupWidth,
    signal: AbortSignal | undefined,
  ): Promise<StoredSeries[]> {
    const rollups = await query.rollups(scope, {
      matchers,
      from: from - 1 - width,
      to: to + width - 1,
      width,
      limits: inBuckets(limits),
      signal,
    });
    const wanted = rangeMs !== undefined && isRollupFunction(call) ? call : undefined;
    return rollups.map(({ series, rollup }) => {
      const labels = LabelSet.ofSeries(series);
      if (wanted !== undefined && (rollup.counter !== undefined || !needsCounter(wanted))) {
        return { ...asRollup(labels, rollup, width), spacingMs: width };
      }
      return { labels, column: between(edgeSamples(rollup), from - width, to), spacingMs: width };
    });
  }

  return {
    async select(scope, request, signal) {
      const { matchers, from, to, hints, limits, room } = request;
      const same = exactWidth(from - 1, to, hints);
      const left = finestWidth(from, await query.reach(scope));
      if (left !== undefined) return coarse(scope, request, same === undefined || same < left ? left : same, signal);
      if (same !== undefined) return exact(scope, request, same, signal);
      return (await query.samples(scope, { matchers, from, to, limits, signal, room })).map(asSamples);
    },
  };
}

function inBuckets(limits: SelectRequest['limits']): SelectRequest['limits'] {
  return limits === undefined ? undefined : { ...limits, samples: Math.floor(limits.samples / samplesPerBucket) };
}

function asSamples({ series, column }: SeriesResult): StoredSeries {
  return { labels: LabelSet.ofSeries(series), column };
}

function asRollup(labels: LabelSet, rollup: Rollup, width: RollupWidth): StoredSeries {
  return { labels, column: { times: rollup.ends, values: rollup.last }, rolledUp: { rollup, width } };
}
