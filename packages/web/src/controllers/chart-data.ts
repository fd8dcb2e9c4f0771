import type { Alert, Anomaly, AnomalyEvent } from '@tarsier/protocol';
import type { SeriesForecast } from '@tarsier/protocol/api';
import type { ChartQuery, SeriesAbout } from '../data/range-query.ts';
import { answersRaw, heldFromAnswers, rangePaths, stepFor, unitOfExpression } from '../data/range-query.ts';
import { RequestError } from '../data/rest.ts';
import type { DataSource, HeldSeries, LiveSubscription, SourceError, SubscriptionState } from '../data/source.ts';
import { spanOf } from '../data/time-range.ts';
import type { Span, TimeRange } from '../data/time-range.ts';
import { wallClockShift } from '../data/wall-clock-shift.ts';

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
  readonly anomalies: readonly Anomaly[];
  readonly events: readonly AnomalyEvent[];
  readonly alerts: readonly Alert[];
  readonly failed: readonly SourceError[];
}

/** A collector's live feed offers so much; beyond it the past is asked for. */
export const longestLiveMs = 3_600_000;
const confidences = [0.95, 0.8, 0.5];
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

  /** Another wish replaces the one before; what was shown stays until its answer comes. */
  wish(wish: ChartWish): void {
    const before = this.#wish;
    if (before !== undefined && sameWish(before, wish)) return;
    this.#end();
    this.#wish = wish;
    if (before === undefined || !sameQueries(before, wish)) {
      this.#queried = [];
      this.#compared = [];
      this.#forecasts = [];
      this.#state = { kind: 'loading' };
    }
    const [query] = wish.queries;
    const live =
      wish.range.kind === 'last' &&
      wish.range.ms <= longestLiveMs &&
      wish.queries.length === 1 &&
      query?.kind === 'selector';
    if (live) {
      this.#past = undefined;
      this.#subscription = this.#source.watch({ selector: query.expr, windowMs: wish.range.ms }, this.#changed);
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
    const live = this.#subscription;
    return {
      state: live?.state ?? this.#state,
      series: live?.series ?? this.#queried,
      raw: live !== undefined || this.#queriedRaw,
      compared: this.#compared,
      forecasts: this.#forecasts,
      span: live === undefined ? this.#queriedSpan : undefined,
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
        throw error;
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
    const span = spanOf(wish.range, this.#source.now());
    const [loaded, past] = await Promise.all([
      Promise.allSettled(wish.queries.map((query) => this.#load(query, span, wish.pixels, signal))),
      this.#loadPast(span, signal),
    ]);
    if (signal.aborted) return;
    const failed = loaded.flatMap((one) => (one.status === 'rejected' ? [errorOf(one.reason)] : []));
    const [firstError] = failed;
    this.#failed = failed;
    this.#past = past;
    // All failed: what was shown stays, and is said to be old.
    if (firstError !== undefined && failed.length === loaded.length) {
      this.#state = { kind: 'failed', error: firstError };
      return;
    }
    this.#queried = loaded.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
    this.#queriedRaw = wish.queries.every((query) => answersRaw(query, span));
    this.#queriedSpan = span;
    this.#state = { kind: 'ready' };
  }

  async #load(query: ChartQuery, span: Span, pixels: number, signal: AbortSignal): Promise<readonly HeldSeries[]> {
    const paths = rangePaths(query, span, pixels);
    const [about, ...answers] = await Promise.all([
      this.#about(query, signal),
      ...paths.map((path) => this.#source.api.get(path, signal)),
    ]);
    return heldFromAnswers(answers, about, stepFor(span.to - span.from, pixels), query.name);
  }

  async #about({ expr, kind, rate }: ChartQuery, signal: AbortSignal): Promise<(name: string) => SeriesAbout> {
    if (kind === 'promql') {
      const unit = unitOfExpression(expr);
      return () => ({ kind: 'gauge', unit });
    }
    // The collector's own answer, checked where it was made.
    const { series = [] } = (await this.#source.api.get(
      `/v1/series?${new URLSearchParams({ query: expr })}`,
      signal,
    )) as {
      series?: readonly (SeriesAbout & { readonly name: string })[];
    };
    const byName = new Map(series.map((one) => [one.name, one]));
    return (name) => {
      const { kind: metricKind = 'gauge', unit = '' } = byName.get(name) ?? {};
      return { kind: rate ? 'gauge' : metricKind, unit };
    };
  }

  async #loadPast(span: Span, signal: AbortSignal) {
    const range = `start=${span.from / 1000}&end=${span.to / 1000}`;
    try {
      const [{ anomalies }, { events }] = await Promise.all([
        this.#source.api.get(`/v1/anomalies?${range}`, signal),
        this.#source.api.get(`/v1/anomalies/events?${range}`, signal),
      ]);
      return { anomalies, events };
    } catch {
      // The lines are worth showing without what was unusual in them.
      return { anomalies: [], events: [] };
    }
  }

  async #loadCompared(wish: ChartWish): Promise<void> {
    const { signal } = this.#abort;
    const { from, to } = spanOf(wish.range, this.#source.now());
    const shift = wallClockShift(to, wish.compareMs, wish.timeZone);
    // Until the next request the window moves on.
    const span = { from: from - shift, to: to - shift + (wish.range.kind === 'last' ? compareEveryMs : 0) };
    const loaded = await Promise.allSettled(wish.queries.map((query) => this.#load(query, span, wish.pixels, signal)));
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
    const expr = query.rate ? `rate(${query.expr}[1m])` : query.expr;
    try {
      this.#forecasts = await Promise.all(
        confidences.map(async (confidence) => {
          const parameters = new URLSearchParams({ query: expr, horizon: forecast, confidence: String(confidence) });
          const body = await this.#source.api.get(`/v1/forecast?${parameters}`, signal);
          return { confidence, series: body.forecasts };
        }),
      );
    } catch (error) {
      if (signal.aborted) return;
      this.#forecasts = [];
      this.#failed = [errorOf(error)];
    }
  }
}

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
