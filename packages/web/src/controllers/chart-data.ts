import type { Alert, Anomaly, AnomalyEvent } from '@tarsier/protocol';
import type { SeriesForecast } from '@tarsier/protocol/api';
import type { ChartQuery } from '../data/range-query.ts';
import { stepFor } from '../data/steps.ts';
import { RequestError } from '../data/rest.ts';
import type { DataSource, HeldSeries, LiveSubscription, SourceError, SubscriptionState } from '../data/source.ts';
import { spanOf } from '../data/time-range.ts';
import type { Span, TimeRange } from '../data/time-range.ts';

/** What a chart wants to see. */
export interface ChartWish {
  readonly queries: readonly ChartQuery[];
  readonly range: TimeRange;
  /** How far back the lines to compare with are, ms; 0: none. */
  readonly compareMs: number;
  /** How far to look ahead, as the API takes it; '' not at all. */
  readonly forecast: string;
  readonly pixels: number;
  readonly timeZone: string | undefined;
}

export interface ForecastBand {
  readonly confidence: number;
  readonly series: readonly SeriesForecast[];
}

export interface ChartData {
  readonly state: SubscriptionState;
  readonly series: readonly HeldSeries[];
  /** Whether counters still are to be made rates. */
  readonly raw: boolean;
  /** Of an earlier time, moved to where they are compared. */
  readonly compared: readonly HeldSeries[];
  /** The widest band first. */
  readonly forecasts: readonly ForecastBand[];
  /** Fixed; undefined: the newest sample stands at the right edge. */
  readonly span: Span | undefined;
  /** What was shown before is, where it belongs now: the answer is still to come. */
  readonly awaited: boolean;
  readonly anomalies: readonly Anomaly[];
  readonly events: readonly AnomalyEvent[];
  readonly alerts: readonly Alert[];
  readonly failed: readonly SourceError[];
}

/** A collector's live feed offers so much; beyond it the past is asked for. */
export const longestLiveMs = 3_600_000;
const forecastEveryMs = 60_000;
const compareEveryMs = 60_000;

/** Feeds one chart: a live subscription where that reaches, requests elsewhere. Nothing runs until `wish`. */
export class ChartFeed {
  readonly #source: DataSource;
  readonly #changed: () => void;
  #wish: ChartWish | undefined;
  #subscription: LiveSubscription | undefined;
  #queried: readonly HeldSeries[] = [];
  #queriedRaw = false;
  #queriedSpan: Span | undefined;
  #awaited = false;
  #state: SubscriptionState = { kind: 'loading' };
  #failed: readonly SourceError[] = [];
  #compared: readonly HeldSeries[] = [];
  #forecasts: readonly ForecastBand[] = [];
  #past: { anomalies: readonly Anomaly[]; events: readonly AnomalyEvent[] } | undefined;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #abort = new AbortController();

  /** @param changed  after anything to be drawn came */
  constructor(source: DataSource, changed: () => void) {
    this.#source = source;
    this.#changed = changed;
  }

  /** Another wish replaces the one before; what was shown stays, where it belongs now, until its answer comes. */
  wish(wish: ChartWish): void {
    const before = this.#wish;
    if (before !== undefined && sameWish(before, wish)) return;
    const shown = this.data;
    this.#end();
    this.#wish = wish;
    const same = before !== undefined && sameQueries(before, wish);
    this.#queriedSpan = spanOf(wish.range, this.#source.now());
    this.#queried = same ? heldWithin(shown.series, this.#queriedSpan) : [];
    this.#queriedRaw = shown.raw;
    this.#awaited = true;
    const stays = this.#queried.length > 0 || (same && shown.state.kind === 'failed');
    this.#state = stays ? shown.state : { kind: 'loading' };
    if (!same) {
      this.#compared = [];
      this.#forecasts = [];
    }
    const [query] = wish.queries;
    const live =
      wish.range.kind === 'last' &&
      wish.range.ms <= longestLiveMs &&
      wish.queries.length === 1 &&
      query?.kind === 'selector';
    if (live) {
      this.#past = undefined;
      this.#subscription = this.#source.watch({ selector: query.expr, windowMs: wish.range.ms }, () => {
        this.#lookAtLive();
        this.#changed();
      });
      this.#lookAtLive();
    } else {
      this.#repeat(() => this.#loadRange(wish), this.#refreshMs(wish));
    }
    if (wish.compareMs > 0)
      this.#repeat(() => this.#loadCompared(wish), wish.range.kind === 'last' ? compareEveryMs : undefined);
    else this.#compared = [];
    if (wish.forecast !== '' && wish.range.kind === 'last')
      this.#repeat(() => this.#loadForecasts(wish), forecastEveryMs);
    else this.#forecasts = [];
    this.#changed();
  }

  /** Asks again at once, after a failure. */
  retry(): void {
    const wish = this.#wish;
    this.#wish = undefined;
    if (wish !== undefined) this.wish(wish);
  }

  close(): void {
    this.#end();
    this.#wish = undefined;
  }

  get data(): ChartData {
    const { anomalies, events, alerts } = this.#source;
    const live = this.#awaited ? undefined : this.#subscription;
    return {
      state: live?.state ?? this.#state,
      series: live?.series ?? this.#queried,
      raw: live !== undefined || this.#queriedRaw,
      compared: this.#compared,
      forecasts: this.#forecasts,
      span: this.#subscription === undefined ? this.#queriedSpan : undefined,
      awaited: this.#awaited,
      anomalies: this.#past?.anomalies ?? anomalies.value,
      events: this.#past?.events ?? events.value,
      alerts: alerts.value.kind === 'ready' ? alerts.value.value : [],
      failed: this.#failed,
    };
  }

  #end(): void {
    this.#subscription?.close();
    this.#subscription = undefined;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#abort.abort();
    this.#abort = new AbortController();
  }

  /** Its series are announced before their samples come: until then what was shown stays. */
  #lookAtLive(): void {
    const live = this.#subscription;
    if (live === undefined || !this.#awaited) return;
    const isEmpty = live.series.every(({ column }) => column.times.length === 0);
    if (live.state.kind === 'loading' && isEmpty && this.#queried.length > 0) return;
    this.#awaited = false;
    this.#queried = [];
  }

  /** Undefined: a fixed range is asked for once. */
  #refreshMs({ range, pixels }: ChartWish): number | undefined {
    return range.kind === 'last' ? Math.max(5000, stepFor(range.ms, pixels)) : undefined;
  }

  #repeat(load: () => Promise<void>, everyMs: number | undefined): void {
    const { signal } = this.#abort;
    const run = async (): Promise<void> => {
      try {
        await load();
      } catch (error) {
        // Given up: somebody else's answer is awaited now.
        if (signal.aborted) return;
        // Not even the code that asks could be loaded.
        this.#failed = [errorOf(error)];
        this.#giveUpAwaited();
        if (this.#queried.length === 0 && this.#subscription === undefined) {
          this.#state = { kind: 'failed', error: errorOf(error) };
        }
      }
      if (signal.aborted) return;
      this.#changed();
      if (everyMs === undefined) return;
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        // Nobody looks at a hidden page; it asks when it is seen again.
        if (document.visibilityState === 'hidden') again();
        else void run();
      }, everyMs);
      this.#timers.add(timer);
      const again = (): void => {
        document.addEventListener('visibilitychange', () => void run(), { once: true, signal });
      };
    };
    void run();
  }

  async #loadRange(wish: ChartWish): Promise<void> {
    const { signal } = this.#abort;
    const { answersRaw, loadSeries, loadUnusual } = await past();
    if (signal.aborted) return;
    const { api } = this.#source;
    const span = spanOf(wish.range, this.#source.now());
    const [loaded, unusual] = await Promise.all([
      Promise.allSettled(wish.queries.map((query) => loadSeries(api, query, span, wish.pixels, signal))),
      loadUnusual(api, span, signal),
    ]);
    if (signal.aborted) return;
    const failed = loaded.flatMap((one) => (one.status === 'rejected' ? [errorOf(one.reason)] : []));
    const [firstError] = failed;
    this.#failed = failed;
    this.#past = unusual;
    // All failed: what was shown stays, and is said to be old, unless it was of another range.
    if (firstError !== undefined && failed.length === loaded.length) {
      this.#giveUpAwaited();
      this.#state = { kind: 'failed', error: firstError };
      return;
    }
    this.#queried = loaded.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
    this.#queriedRaw = wish.queries.every((query) => answersRaw(query, span));
    this.#queriedSpan = span;
    this.#awaited = false;
    this.#state = { kind: 'ready' };
  }

  #giveUpAwaited(): void {
    if (this.#awaited) this.#queried = [];
    this.#awaited = false;
  }

  async #loadCompared(wish: ChartWish): Promise<void> {
    const { signal } = this.#abort;
    const { from, to } = spanOf(wish.range, this.#source.now());
    const { loadSeries, wallClockShift } = await past();
    const shift = wallClockShift(to, wish.compareMs, wish.timeZone);
    // Until the next request the window moves on.
    const span = { from: from - shift, to: to - shift + (wish.range.kind === 'last' ? compareEveryMs : 0) };
    const loaded = await Promise.allSettled(
      wish.queries.map((query) => loadSeries(this.#source.api, query, span, wish.pixels, signal)),
    );
    if (signal.aborted) return;
    this.#compared = loaded
      .flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
      .map((series) => ({
        ...series,
        column: { times: series.column.times.map((time) => time + shift), values: series.column.values },
      }));
  }

  async #loadForecasts({ queries, forecast }: ChartWish): Promise<void> {
    const { signal } = this.#abort;
    const [query] = queries;
    if (query === undefined) return;
    try {
      const { loadBands } = await past();
      this.#forecasts = await loadBands(this.#source.api, query, forecast, signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#forecasts = [];
      this.#failed = [errorOf(error)];
    }
  }
}

function heldWithin(series: readonly HeldSeries[], { from, to }: Span): readonly HeldSeries[] {
  return series.flatMap(({ column, ...about }) => {
    const first = column.times.findIndex((time) => time >= from);
    const end = column.times.findLastIndex((time) => time <= to) + 1;
    if (first < 0 || end <= first) return [];
    return {
      ...about,
      column: { times: column.times.subarray(first, end), values: column.values.subarray(first, end) },
    };
  });
}

const past = () => import('./chart-past.ts');

function errorOf(reason: unknown): SourceError {
  if (reason instanceof RequestError) return reason;
  return { code: 'web/query', message: reason instanceof Error ? reason.message : String(reason), retryable: false };
}

function sameQueries(a: ChartWish, b: ChartWish): boolean {
  return JSON.stringify([a.queries, a.forecast]) === JSON.stringify([b.queries, b.forecast]);
}

function sameWish(a: ChartWish, b: ChartWish): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
