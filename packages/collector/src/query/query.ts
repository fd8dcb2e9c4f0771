/** Answers a selector over a range of time from what is stored. */
import { TarsierError, type SeriesColumn, type UnixMs } from '@tarsier/protocol';
import type { Aggregation } from '@tarsier/protocol/api';
import { rollUp, type Rollup } from '@tarsier/protocol/chunk';
import { dayMs, hourMs, minuteMs } from '../storage/hours.ts';
import type { Reach } from '../storage/select/reach.ts';
import type { SampleRange } from '../storage/select/read-samples.ts';
import type { Matcher, SeriesRow } from '../storage/series-catalog.ts';
import type { HostIds } from '../storage/series-index/label-index.ts';
import type { Storage } from '../storage/storage.ts';
import type { SampleRoom } from '../sample-room.ts';
import type { TenantScope } from '../tenant.ts';
import { aggregate, aggregateRollup, lookBackMs } from './aggregate.ts';
import { parseSelector } from './language/parse.ts';
import { compileTests } from './selector.ts';
import { between } from './memory-reader.ts';
import { startDeadline, tooSlow } from './deadline.ts';
import type { TenantLimits } from './limits.ts';
import { edgeSamples, finestWidth, type RollupWidth } from './resolution.ts';
import { withoutStale } from './staleness.ts';

export interface RangeRequest {
  readonly selector: string;
  readonly start: UnixMs;
  /** Included. */
  readonly end: UnixMs;
  /** Absent: raw samples. */
  readonly stepMs?: number;
  readonly aggregation?: Aggregation;
  /** Ends the work when nobody waits for it any more. */
  readonly signal?: AbortSignal;
}

export interface SeriesResult {
  readonly series: SeriesRow;
  readonly column: SeriesColumn;
}

export interface QueryLimits {
  readonly series: number;
  /** Samples read, over all series. */
  readonly samples: number;
  /** Points per series in the answer of a query with a step, as in Prometheus. */
  readonly points: number;
  /** From the first to the last sample that is looked for, ms. */
  readonly spanMs: number;
}

export interface Query {
  /**
   * Series without a sample in the range are left out.
   *
   * @throws {TarsierError} `query/…`
   */
  range(scope: TenantScope, request: RangeRequest): Promise<readonly SeriesResult[]>;
  /**
   * Which series match, whether or not they have samples.
   *
   * @param most  more are left out; without it they are an error
   * @param within  only of hosts that have samples of this time
   * @throws {TarsierError} `query/…`
   */
  series(
    scope: TenantScope,
    matchers: readonly Matcher[],
    most?: number,
    within?: TimeRange,
  ): Promise<readonly SeriesRow[]>;
  /** Labels of the series that one of the selectors matches, or of all, in order. */
  labelNames(
    scope: TenantScope,
    selectors: readonly (readonly Matcher[])[],
    within?: TimeRange,
  ): Promise<readonly string[]>;
  /** The values of one of them. */
  labelValues(
    scope: TenantScope,
    name: string,
    selectors: readonly (readonly Matcher[])[],
    within?: TimeRange,
  ): Promise<readonly string[]>;
  /** Their samples of `from` to `to`, both included. @throws {TarsierError} `query/…` */
  samples(scope: TenantScope, request: SamplesRequest): Promise<readonly SeriesResult[]>;
  /** Their buckets that end after `from`, up to and including `to`. @throws {TarsierError} `query/…` */
  rollups(
    scope: TenantScope,
    request: SamplesRequest & { readonly width: RollupWidth },
  ): Promise<readonly RollupResult[]>;
  /** How far back samples and rollups go. */
  reach(scope: TenantScope): Promise<Reach>;
}

export interface RollupResult {
  readonly series: SeriesRow;
  readonly rollup: Rollup;
}

/** Both included. */
export interface TimeRange {
  readonly from: UnixMs;
  readonly to: UnixMs;
}

export interface SamplesRequest {
  readonly matchers: readonly Matcher[];
  readonly from: UnixMs;
  readonly to: UnixMs;
  /** Which of the series that match are read; all without it. */
  readonly only?: (series: SeriesRow) => boolean;
  /** Instead of those that count for all. */
  readonly limits?: Pick<QueryLimits, 'series' | 'samples'> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Where samples are put; the answer is then good until it is closed. */
  readonly room?: SampleRoom | undefined;
}

/** The farthest that a date may be from 1970, ms. */
const maxTimeMs = 8.64e15;
/** From the first to the last sample that a query looks for, ms. */
export const longestSpanMs = 400 * dayMs;
const defaultLimits: QueryLimits = { series: 10_000, samples: 20_000_000, points: 11_000, spanMs: longestSpanMs };

export function createQuery({
  storage,
  limits: someLimits = {},
  limitsOf = () => Promise.resolve({}),
  onDone = () => {},
}: {
  readonly storage: Pick<Storage, 'samples' | 'series'>;
  readonly limits?: Partial<QueryLimits>;
  /** Of one tenant, of {@link Query.range}. */
  readonly limitsOf?: (scope: TenantScope) => Promise<TenantLimits>;
  /** Told of each {@link Query.range}, also of one that fails: samples read, and time on this thread, ms. */
  readonly onDone?: (scope: TenantScope, cost: { readonly samples: number; readonly cpuMs: number }) => void;
}): Query {
  const limits = { ...defaultLimits, ...someLimits };

  async function matching(
    scope: TenantScope,
    matchers: readonly Matcher[],
    signal?: AbortSignal,
    most = limits.series,
  ): Promise<readonly SeriesRow[]> {
    const series = await storage.series.match(scope, compileTests(matchers), { most });
    signal?.throwIfAborted();
    return series;
  }

  /** Undefined: all of them. */
  async function hostsOf(scope: TenantScope, within: TimeRange | undefined): Promise<HostIds | undefined> {
    if (within === undefined) return undefined;
    return storage.samples.hostsWithin(scope, withinTime(within));
  }

  /** One value per step, of rollups where the steps are made of whole minutes. */
  async function step(
    scope: TenantScope,
    series: readonly SeriesRow[],
    { start, end, stepMs, aggregation }: { start: UnixMs; end: UnixMs; stepMs: number; aggregation: Aggregation },
    range: SampleRange,
    left: RollupWidth | undefined,
  ): Promise<(row: SeriesRow) => SeriesColumn | undefined> {
    const width = stepMs % hourMs === 0 ? hourMs : (left ?? (stepMs % minuteMs === 0 ? minuteMs : undefined));
    // Gauges keep no increase.
    const byRollup = ({ kind }: SeriesRow): boolean =>
      width !== undefined && (aggregation !== 'rate' || kind === 'counter');
    const bySample = series.filter((row) => !byRollup(row));
    const rollups =
      width === undefined ? undefined : await storage.samples.rollups(scope, series.filter(byRollup), width, range);
    const samples = await storage.samples.read(scope, bySample, range);
    return ({ seriesId }) => {
      const rollup = rollups?.get(seriesId);
      if (rollup !== undefined) return aggregateRollup(rollup, start, end, stepMs, aggregation);
      const found = samples.get(seriesId);
      if (found === undefined) return undefined;
      const column = withoutStale(found);
      return width === undefined
        ? aggregate(column, start, end, stepMs, aggregation)
        : aggregateRollup(rollUp(column, minuteMs, true), start, end, stepMs, aggregation);
    };
  }

  /** @throws {TarsierError} once more is read than the limits allow */
  function limited(from: UnixMs, to: UnixMs, signal: AbortSignal | undefined, most = limits.samples): SampleRange {
    if (to - from > limits.spanMs) {
      throw tooMuch('span', `${limits.spanMs / dayMs} days from start to end, the step included`, 'start');
    }
    let read = 0;
    return {
      from,
      to,
      signal,
      onRead(samples) {
        read += samples;
        if (read > most) {
          throw tooMuch('samples', `${most} samples; narrow the range or the selector`);
        }
      },
    };
  }

  /** Counts what is read from zero on. */
  function rangeWithin({ from, to, limits: { samples: most } = limits, signal, room }: SamplesRequest): SampleRange {
    const time = withinTime({ from, to });
    return { ...limited(time.from, time.to, signal, most), room };
  }

  async function wanted(
    scope: TenantScope,
    request: SamplesRequest,
  ): Promise<{ readonly range: SampleRange; readonly series: readonly SeriesRow[] }> {
    const { matchers, only, limits: { series: most } = limits, signal } = request;
    const range = rangeWithin(request);
    if (range.from > range.to) return { range, series: [] };
    const series = await matching(scope, matchers, signal, most);
    return { range, series: only === undefined ? series : series.filter(only) };
  }

  /**
   * Of the series that are in memory, in one statement, which tells whether these are all there are: two would be a
   * third of what a small query takes. Undefined where there may be others.
   */
  async function knownSamples(
    scope: TenantScope,
    request: SamplesRequest,
  ): Promise<readonly SeriesResult[] | undefined> {
    const { matchers, only = () => true, limits: { series: most } = limits } = request;
    const range = rangeWithin(request);
    if (range.from > range.to) return undefined;
    const known = storage.series.matchKnown(scope, compileTests(matchers), { most: most + 1, whatIsMore: 'cut' });
    const series = known?.series.filter(only) ?? [];
    if (known === undefined || known.series.length > most || series.length === 0) return undefined;
    const found = await storage.samples.readAsOf(scope, series, range, known.asOf);
    return found === undefined ? undefined : withColumns(series, ({ seriesId }) => found.get(seriesId));
  }

  async function samples(scope: TenantScope, request: SamplesRequest): Promise<readonly SeriesResult[]> {
    const atOnce = await knownSamples(scope, request);
    if (atOnce !== undefined) return atOnce;
    const { range, series } = await wanted(scope, request);
    const found = await storage.samples.read(scope, series, range);
    return withColumns(series, ({ seriesId }) => found.get(seriesId));
  }

  async function rangeOf(
    scope: TenantScope,
    { selector, start, end, stepMs, aggregation = 'last', signal }: RangeRequest,
    cost: { samples: number; cpuMs: number },
    own: TenantLimits,
  ): Promise<readonly SeriesResult[]> {
    const timed = (columnOf: (row: SeriesRow) => SeriesColumn | undefined): readonly SeriesResult[] => {
      const began = performance.now();
      const results = withColumns(series, columnOf);
      cost.cpuMs += performance.now() - began;
      return results;
    };
    if (stepMs !== undefined && (end - start) / stepMs > limits.points) {
      throw tooMuch('points', `${limits.points} points per series; use a larger step`, 'step');
    }
    const from = stepMs === undefined ? start : start - lookBackMs(stepMs, aggregation);
    const most = limited(from, end, signal, Math.min(own.samples ?? Infinity, limits.samples));
    const range: SampleRange = {
      ...most,
      onRead(samples) {
        cost.samples += samples;
        most.onRead?.(samples);
      },
    };
    const mostSeries = Math.min(own.series ?? Infinity, limits.series);
    const series = await matching(scope, parseSelector(selector), signal, mostSeries);
    // What has expired is told by what is left of it.
    const left = finestWidth(from, await storage.samples.reach(scope));
    if (stepMs !== undefined) {
      return timed(await step(scope, series, { start, end, stepMs, aggregation }, range, left));
    }
    if (left !== undefined) {
      const rollups = await storage.samples.rollups(scope, series, left, { ...range, to: end + left - 1 });
      return timed(({ seriesId }) => {
        const rollup = rollups.get(seriesId);
        return rollup === undefined ? undefined : between(edgeSamples(rollup), start, end);
      });
    }
    const found = await storage.samples.read(scope, series, range);
    return timed(({ seriesId }) => {
      const column = found.get(seriesId);
      return column === undefined ? undefined : withoutStale(column);
    });
  }

  return {
    series: async (scope, matchers, most, within) =>
      storage.series.match(scope, compileTests(matchers), {
        most: most ?? limits.series,
        whatIsMore: most === undefined ? 'refuse' : 'cut',
        hosts: await hostsOf(scope, within),
      }),
    samples,
    async rollups(scope, request) {
      const { range, series } = await wanted(scope, request);
      const found = await storage.samples.rollups(scope, series, request.width, range);
      return series.flatMap((row) => {
        const rollup = found.get(row.seriesId);
        return rollup === undefined ? [] : [{ series: row, rollup }];
      });
    },
    reach: storage.samples.reach,
    labelNames: async (scope, selectors, within) =>
      storage.series.labelNames(scope, selectors.map(compileTests), await hostsOf(scope, within)),
    labelValues: async (scope, name, selectors, within) =>
      storage.series.labelValues(scope, name, selectors.map(compileTests), await hostsOf(scope, within)),

    async range(scope, request) {
      const cost = { samples: 0, cpuMs: 0 };
      const own = await limitsOf(scope);
      const { timeoutMs = Infinity } = own;
      const deadline = startDeadline(timeoutMs, request.signal);
      try {
        return await rangeOf(scope, { ...request, signal: deadline.signal }, cost, own);
      } catch (error) {
        throw deadline.passed ? tooSlow(timeoutMs) : error;
      } finally {
        deadline.end();
        onDone(scope, cost);
      }
    },
  };
}

/** Series without a value are left out. */
function withColumns(
  series: readonly SeriesRow[],
  columnOf: (row: SeriesRow) => SeriesColumn | undefined,
): readonly SeriesResult[] {
  return series.flatMap((row) => {
    const column = columnOf(row);
    return column === undefined || column.times.length === 0 ? [] : [{ series: row, column }];
  });
}

/** Beyond there is no time, and numbers are too large to count on. */
function withinTime({ from, to }: TimeRange): TimeRange {
  return { from: Math.max(from, -maxTimeMs), to: Math.min(to, maxTimeMs) };
}

function tooMuch(what: 'points' | 'span' | 'samples', most: string, field = 'query'): TarsierError {
  return new TarsierError(
    what === 'span' ? 'query/too-long' : `query/too-many-${what}`,
    `${field}: expected at most ${most}`,
    { field },
  );
}
