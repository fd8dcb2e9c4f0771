import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { pageFrames } from '../chart/frame.ts';
import { parseDuration, parseRange } from '../data/time-range.ts';
import type { TimeRange } from '../data/time-range.ts';
import { ChartFeed } from './chart-data.ts';
import type { ChartData } from './chart-data.ts';
import { cutOff } from '../data/cut-off.ts';
import { FollowController, SecondsController } from './follow.ts';
import { PageViewController } from './page-view.ts';
import { SourceController } from './source-context.ts';
import type { DataSource, SourceError } from '../data/source.ts';

/** What an element of a few numbers asks for; as the attributes say it. */
export interface SeriesWish {
  readonly selector: string;
  readonly query: string;
  readonly rate: boolean;
  /** '' is the provider's. */
  readonly range: string;
  readonly compare: string;
}

/** Where an element stands, in the words of all elements; `unasked`: nobody told it what to show. */
export type ElementState =
  | { readonly kind: 'loading' | 'ready' | 'empty' | 'stale' | 'denied' }
  | { readonly kind: 'unasked' | 'no-provider' | NonNullable<ReturnType<typeof cutOff>> }
  | { readonly kind: 'error'; readonly error: SourceError };

const defaultRange: TimeRange = { kind: 'last', ms: 300_000 };
/** Agents ship every 10 s while nobody watches their host. */
const staleMs = 15_000;
/** These elements are small. */
const pixels = 200;

/** Feeds an element that shows series in little room; renders it at most once a frame. */
export class SeriesFeedController implements ReactiveController {
  readonly #wish: () => SeriesWish;
  readonly #follow: FollowController;
  readonly #view: PageViewController;
  #feed: ChartFeed | undefined;
  readonly #changed: () => void;

  constructor(host: ReactiveControllerHost & HTMLElement, wish: () => SeriesWish) {
    this.#wish = wish;
    this.#changed = () => host.requestUpdate();
    this.#follow = new FollowController(host, ({ connection }) => [connection]);
    this.#view = new PageViewController(host, ({ range, compareMs, timeZone }) => [range, compareMs, timeZone]);
    host.addController(new SourceController(host, (source) => this.#connect(source)));
    // A value grows old without any message.
    host.addController(new SecondsController(host));
    host.addController(this);
  }

  get source(): DataSource | undefined {
    return this.#follow.source;
  }

  get now(): number {
    return this.source?.now() ?? Date.now();
  }

  get range(): TimeRange {
    return parseRange(this.#wish().range) ?? this.#view.value?.range.value ?? defaultRange;
  }

  get data(): ChartData | undefined {
    return this.#feed?.data;
  }

  /** Time of the newest sample; undefined when there is none. */
  get newest(): number | undefined {
    const newest = this.data?.series.reduce(
      (most, { column }) => Math.max(most, column.times.at(-1) ?? -Infinity),
      -Infinity,
    );
    return newest !== undefined && Number.isFinite(newest) ? newest : undefined;
  }

  get state(): ElementState {
    const { source, data, newest } = this;
    if (source === undefined || data === undefined) return { kind: 'no-provider' };
    const { selector, query } = this.#wish();
    if (selector === '' && query === '') return { kind: 'unasked' };
    const isCutOff = cutOff(source.connection.value);
    if (newest === undefined) {
      // What was asked for fails then, too, and another site's page may not read why.
      if (isCutOff === 'token-refused') return { kind: isCutOff };
      if (data.state.kind === 'failed') return refusal(data.state.error);
      if (isCutOff !== undefined) return { kind: isCutOff };
      return { kind: data.state.kind === 'ready' ? 'empty' : 'loading' };
    }
    return { kind: data.span === undefined && this.now - newest > staleMs ? 'stale' : 'ready' };
  }

  retry(): void {
    this.#feed?.retry();
    this.source?.retry();
  }

  hostUpdate(): void {
    const { selector, query, rate, compare } = this.#wish();
    const [expr, kind] = query === '' ? [selector, 'selector' as const] : [query, 'promql' as const];
    if (expr === '') return;
    this.#feed?.wish({
      queries: [{ expr, kind, rate, name: '' }],
      range: this.range,
      compareMs: compare === '' ? (this.#view.value?.compareMs.value ?? 0) : (parseDuration(compare) ?? 0),
      forecast: '',
      pixels,
      timeZone: this.#view.value?.timeZone.value,
    });
  }

  hostDisconnected(): void {
    pageFrames.cancel(this.#changed);
  }

  #connect(source: DataSource | undefined): void {
    this.#feed?.close();
    this.#feed = source === undefined ? undefined : new ChartFeed(source, () => pageFrames.request(this.#changed));
  }
}

/** What a token may not see is no fault. */
export function refusal(error: SourceError): ElementState {
  return error.code === 'auth/scope' || error.code === 'auth/view' ? { kind: 'denied' } : { kind: 'error', error };
}
