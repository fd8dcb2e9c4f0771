import { html, LitElement, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { readCanvasColours } from '../../chart/canvas-colours.ts';
import { chartKinds, chartSummary, chartView } from '../../chart/chart-view.ts';
import type { ChartKind, ChartSettings, ChartView, Threshold } from '../../chart/chart-view.ts';
import { pageFrames } from '../../chart/frame.ts';
import { observeSize, observeVisible } from '../../chart/in-view.ts';
import type { PlotSize } from '../../chart/options.ts';
import { createPlot } from '../../chart/plot.ts';
import type { Plot } from '../../chart/plot.ts';
import type { ChartQuery } from '../../data/range-query.ts';
import { formatValue } from '../../chart/units.ts';
import type { Marker } from '../../chart/markers.ts';
import { ChartFeed } from '../../controllers/chart-data.ts';
import type { ChartData } from '../../controllers/chart-data.ts';
import { FollowController, SecondsController } from '../../controllers/follow.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { PageViewController } from '../../controllers/page-view.ts';
import { SourceController } from '../../controllers/source-context.ts';
import { cutOff } from '../../data/cut-off.ts';
import type { HeldSeries } from '../../data/source.ts';
import { panned, parseDuration, parseRange, rangeText, spanOf, zoomed } from '../../data/time-range.ts';
import type { Span, TimeRange } from '../../data/time-range.ts';
import { words } from '../../i18n/words.ts';
import { chartIcons as icons } from '../../styles/chart-icons.ts';
import { base, tokens } from '../../styles/tokens.ts';
import type { Extras } from './extras.ts';
import { chartKey, nextMark } from './keys.ts';
import type { MenuActions } from './menu.ts';
import { badges, legend, legendValues, note } from './parts.ts';
import type { ChartNote } from './parts.ts';
import { textProperty } from '../text-property.ts';
import { styles } from './tarsier-chart.styles.ts';

const defaultRange: TimeRange = { kind: 'last', ms: 300_000 };
/** So that key repeat does not flood a screen reader. */
const speakAfterMs = 150;
/** A resize by some pixels asks for nothing new. */
const pixelStep = 100;
/** How old the values in its name may be: a name that changes each second is said each second by some screen readers. */
const namedForMs = 5_000;

/**
 * Series over time: lines, areas, bars, bands or steps, moving as samples come, anomalies shaded, alerts and events
 * marked. It stands still while the pointer or the keyboard is in it. Drag zooms, Shift-drag pans, a double click goes
 * back; `?` lists the keys.
 *
 * Several PromQL queries are children: `<tarsier-query expr="…" legend="…">`.
 *
 * @slot empty - what to say when there is no sample
 * @slot error - what to say when the query failed
 * @slot actions - beside the title
 * @fires tarsier-cursor - the cursor moved; `detail` has `time` (Unix ms, undefined when it left) and `values` by line
 * @fires tarsier-threshold - somebody wants a rule at a threshold that was dragged; `detail` has `expr` and `value`
 * @fires tarsier-drill - Enter or a click on a point; `detail` has `time` and, of a chart of one host, `host`
 * @csspart figure
 * @csspart toolbar
 * @csspart legend
 * @csspart legend-item
 * @csspart tooltip
 * @csspart table
 * @cssproperty --tarsier-chart-height - height of the plot; 190px
 */
export class TarsierChart extends LitElement {
  static override styles = [tokens, base, styles];

  /** The title. */
  @property(textProperty) label = '';
  /** Which series: a Prometheus instant-vector selector. Live within an hour; extremes are kept beyond it. */
  @property(textProperty) selector = '';
  /** Any PromQL, in the place of a selector. */
  @property(textProperty) query = '';
  /** Shows counters of the selector as their increase per second. */
  @property({ type: Boolean }) rate = false;
  /** How the lines are drawn: `line`, `area`, `bars`, `band` (between lowest and highest) or `steps`. */
  @property() kind: ChartKind = 'line';
  /** Each line above the one before. */
  @property({ type: Boolean }) stacked = false;
  /** A logarithmic axis. */
  @property({ type: Boolean }) log = false;
  /** Unit of the values; empty: the metric's own. */
  @property(textProperty) unit = '';
  /** `5m`, or two times with `/` between. Empty: the provider's, or the last five minutes. */
  @property(textProperty) range = '';
  /** How far back lines to compare with are: `1d`, `1w`. Empty: as the provider says. */
  @property(textProperty) compare = '';
  /** How far to look ahead: `1h`. Empty: not at all. */
  @property(textProperty) forecast = '';
  /** Labels that name a line, separated by commas; empty: those that tell the lines apart. */
  @property(textProperty) by = '';
  /** Fixed bottom of the axis; absent: follows the values. */
  @property({ type: Number }) min: number | undefined;
  /** Fixed top of the axis; absent: follows the values. */
  @property({ type: Number }) max: number | undefined;
  /** Lines across the chart. */
  @property({ attribute: false }) thresholds: readonly Threshold[] = [];
  /** One threshold, as an attribute. */
  @property({ type: Number }) threshold: number | undefined;
  /** Thresholds can be dragged, to propose a rule. */
  @property({ type: Boolean }) editable = false;
  /** Leaves the shading of anomalies out. */
  @property({ type: Boolean, attribute: 'no-anomalies' }) noAnomalies = false;
  /** Markers above the plot: `alert`, `event`, separated by blanks, or `none`. */
  @property() annotations = 'alert event';
  /** Markers that the page knows of. */
  @property({ attribute: false }) markers: readonly Marker[] = [];
  /** Leaves the legend out. */
  @property({ type: Boolean, attribute: 'no-legend' }) noLegend = false;
  /** Series from elsewhere, in the place of a collector's. */
  @property({ attribute: false, noAccessor: true })
  get data(): readonly HeldSeries[] | undefined {
    return this.#data;
  }
  // Without a rendering of the element: what changes is on the canvas.
  set data(data: readonly HeldSeries[] | undefined) {
    this.#data = data;
    this.#requestDraw();
  }

  @state() private held = false;
  @state() private tablePage: number | undefined;
  @state() private helpShown = false;
  @state() private point: number | undefined;
  /** Where a threshold was dragged to; undefined while all are where they belong. */
  @state() private draft: { readonly index: number; readonly value: number } | undefined;
  /** A zoom of a chart that has a range of its own. */
  @state() private ownZoom: TimeRange | undefined;

  #data: readonly HeldSeries[] | undefined;
  #view: ChartView | undefined;
  /** What is shown around the canvas depends on; while that is the same, only values are put in place. */
  #around: readonly unknown[] = [];
  #cells: readonly Element[] = [];
  #foundPlot: HTMLElement | null = null;
  #foundProbe: HTMLElement | null = null;
  #namedAt = -Infinity;
  /** What many never use is loaded once it is. */
  #extras: Extras | undefined;
  #loading: Promise<Extras> | undefined;
  #plot: Plot | undefined;
  /** What the plot was built for; another set of lines needs another plot. */
  #plotLook = '';
  #feed: ChartFeed | undefined;
  #visible = true;
  #hovered = false;
  #spoken = '';
  #speaking: ReturnType<typeof setTimeout> | undefined;
  #line: number | undefined;
  #sized = false;
  #ownRange: TimeRange | undefined;
  #size: PlotSize | undefined;
  #drawnRange: TimeRange | undefined;
  #drewAwaited = false;
  #drawnAt = 0;
  /** Whether the keyboard moved the cursor; then it stays until Escape or the focus leaves. */
  #pointedByKey = false;
  readonly #off = new Set<string>();

  readonly #source = new SourceController(this, () => this.#connectFeed());
  readonly #follow = new FollowController(
    this,
    ({ anomalies, events, connection }) => [anomalies, events, connection],
    () => this.#requestDraw(),
  );
  readonly #locale = new LocaleController(this, words);
  readonly #shared = new PageViewController(
    this,
    ({ range, compareMs, timeZone }) => [range, compareMs, timeZone],
    () => this.#wishAgain(),
  );
  readonly #cursors = new PageViewController(
    this,
    ({ cursor }) => [cursor],
    () => this.#followCursor(),
  );
  #unobserve: (() => void) | undefined;
  #unsize: (() => void) | undefined;

  constructor() {
    super();
    this.addController(this.#source);
    // Time goes on without samples: the curve has to move left and its age to be said.
    // Where samples come each second they move it themselves.
    const still = (): boolean => performance.now() - this.#drawnAt > 1500;
    this.addController(new SecondsController(this, () => still() && this.#requestDraw()));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#unobserve = observeVisible(this, (visible) => {
      this.#visible = visible;
      if (visible) this.#requestDraw();
    });
    this.#observePlot();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unobserve?.();
    this.#unsize?.();
    this.#unsize = undefined;
    clearTimeout(this.#speaking);
    // Moved within the document: the plot is kept.
    queueMicrotask(() => {
      if (this.isConnected) return;
      pageFrames.cancel(this.#draw);
      this.#dropPlot();
    });
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    for (const name of ['selector', 'query', 'rate', 'range', 'compare', 'forecast'] as const) {
      if (!changed.has(name)) continue;
      if (name === 'range') {
        this.ownZoom = undefined;
        this.#ownRange = parseRange(this.range);
      }
      if (name === 'selector' || name === 'query' || name === 'rate') this.#view = undefined;
      this.#wishAgain();
    }
    for (const name of [
      'unit',
      'by',
      'min',
      'max',
      'kind',
      'stacked',
      'log',
      'thresholds',
      'threshold',
      'markers',
    ] as const) {
      if (!changed.has(name)) continue;
      this.#view = undefined;
      this.#plotLook = '';
      this.#requestDraw();
    }
    if (this.editable || this.helpShown || this.tablePage !== undefined) this.#use();
  }

  protected override firstUpdated(): void {
    this.#observePlot();
  }

  #observePlot(): void {
    const plot = this.#plotPart;
    if (plot === null || !this.isConnected) return;
    this.#unsize ??= observeSize(plot, (width, height) => {
      if (this.#size?.width === width && this.#size.height === height && this.#plot !== undefined) return;
      this.#size = { width, height };
      this.#requestDraw(true);
    });
  }

  #load(): Promise<Extras> {
    this.#loading ??= import('./extras.ts').then(
      ({ extras }) => {
        this.#extras = extras;
        const adopt = (): void => {
          const { styleSheet } = extras.styles;
          if (styleSheet !== undefined) this.shadowRoot?.adoptedStyleSheets.push(styleSheet);
        };
        // What is rendered is measured. Before it is in a document it has no root to be styled.
        if (this.hasUpdated) adopt();
        else void this.updateComplete.then(adopt);
        this.requestUpdate();
        return extras;
      },
      (error: unknown) => {
        // The network: the next use tries again.
        this.#loading = undefined;
        throw error;
      },
    );
    return this.#loading;
  }

  /** What cannot be loaded is not shown. */
  #use(use: (extras: Extras) => void = () => undefined): void {
    this.#load().then(use, () => undefined);
  }

  protected override updated(): void {
    this.#cells = [...this.renderRoot.querySelectorAll('.legend .value')];
    this.#writeValues(this.#noteOf(this.#feed?.data), true);
    this.renderRoot.querySelector<HTMLDialogElement>('dialog:not([open])')?.showModal();
    const { point } = this;
    const tip = this.#part('tooltip');
    if (tip === null || point === undefined || this.#plot === undefined) return;
    // Beside the cursor, on the side that has room.
    const left = this.#plot.leftOf(point);
    const room = this.clientWidth;
    const x = left > room / 2 ? left - tip.offsetWidth - 12 : left + 12;
    tip.style.setProperty('transform', `translateX(${Math.round(Math.max(0, x))}px)`);
  }

  /** What is drawn, for tests and tools. */
  get view(): ChartView | undefined {
    return this.#view;
  }

  /** The samples as drawn, as CSV with ISO 8601 times. */
  async toCSV(): Promise<string> {
    const { toCsv } = await this.#load();
    return this.#view === undefined ? '' : toCsv(this.#view);
  }

  /** @throws {Error} while there is nothing drawn */
  async toSVG(): Promise<string> {
    const { toSvg } = await this.#load();
    const probe = this.#probePart;
    if (this.#view === undefined || probe === null) throw new Error('tarsier-chart: expected something drawn');
    return toSvg(this.label, this.#view, readCanvasColours(probe), this.#locale);
  }

  /** @throws {Error} while there is nothing drawn */
  async toPNG(): Promise<Blob> {
    const { toPng } = await this.#load();
    const probe = this.#probePart;
    if (this.#plot === undefined || probe === null) throw new Error('tarsier-chart: expected something drawn');
    return toPng(this.#plot.canvas, this.label, readCanvasColours(probe));
  }

  /** The address of the dashboard that shows the same series over the same, absolute, time. */
  permalink(): string {
    const { from, to } = this.#view ?? spanOf(this.#range, this.#now);
    const parameters = new URLSearchParams({
      query: this.#queries.map(asPromql)[0] ?? '',
      range: rangeText({ kind: 'fixed', from, to }),
    });
    return `${this.#source.value?.baseUrl || location.origin}/#/explore?${parameters}`;
  }

  /** Shows a stretch of time, and all charts that share its time range with it. */
  zoom(from: number, to: number): void {
    this.#zoomTo({ kind: 'fixed', from, to });
  }

  /** Back to what was shown before the last zoom. */
  reset(): void {
    if (this.range !== '') this.ownZoom = undefined;
    else this.#shared.value?.zoomBack();
    this.#wishAgain();
  }

  #part(name: 'plot' | 'probe' | 'tooltip'): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>(`.${name}`);
  }

  /** Parts that stay as long as the element, looked for once: they are needed with each sample. */
  get #plotPart(): HTMLElement | null {
    return (this.#foundPlot ??= this.#part('plot'));
  }

  get #probePart(): HTMLElement | null {
    return (this.#foundProbe ??= this.#part('probe'));
  }

  get #now(): number {
    return this.#source.value?.now() ?? Date.now();
  }

  get #range(): TimeRange {
    return this.ownZoom ?? this.#ownRange ?? this.#shared.value?.range.value ?? defaultRange;
  }

  get #queries(): readonly ChartQuery[] {
    const children = [...this.querySelectorAll(':scope > tarsier-query')].map((child): ChartQuery => {
      const expr = child.getAttribute('expr') ?? '';
      return { expr, kind: 'promql', rate: false, name: child.getAttribute('legend') ?? expr };
    });
    if (children.length > 0) return children;
    if (this.query !== '') return [{ expr: this.query, kind: 'promql', rate: false, name: this.label }];
    return this.selector === '' ? [] : [{ expr: this.selector, kind: 'selector', rate: this.rate, name: '' }];
  }

  #connectFeed(): void {
    this.#feed?.close();
    const source = this.#source.value;
    this.#feed = source === undefined ? undefined : new ChartFeed(source, () => this.#requestDraw());
    this.#wishAgain();
  }

  #wishAgain(): void {
    if (!this.isConnected) return;
    const queries = this.#queries;
    const width = this.#size?.width || this.#plotPart?.clientWidth || 600;
    if (queries.length > 0 && this.data === undefined) {
      this.#feed?.wish({
        queries,
        range: this.#range,
        compareMs:
          this.compare === '' ? (this.#shared.value?.compareMs.value ?? 0) : (parseDuration(this.compare) ?? 0),
        forecast: this.forecast,
        pixels: Math.ceil(width / pixelStep) * pixelStep,
        timeZone: this.#locale.timeZone,
      });
    }
    this.#requestDraw();
    this.requestUpdate();
  }

  #zoomTo(range: TimeRange): void {
    this.#leave();
    if (this.range === '' && this.#shared.value?.range.value !== undefined) this.#shared.value.zoomTo(range);
    else {
      this.ownZoom = range;
      this.#wishAgain();
    }
  }

  #requestDraw(sized = false): void {
    this.#sized ||= sized;
    if (this.isConnected) pageFrames.request(this.#draw);
  }

  readonly #draw = (): void => {
    const parent = this.#plotPart;
    const feed = this.#feed?.data;
    if (parent === null || (feed === undefined && this.data === undefined)) return this.requestUpdate();
    // Asking the element would lay the page out once for each chart.
    const size = this.#size ?? { width: parent.clientWidth, height: parent.clientHeight };
    // Out of view it is drawn once, so that there is something to scroll to and to read aloud, and then left alone.
    if (size.width === 0 || (!this.#visible && this.#plot !== undefined)) return;
    if (this.#sized && this.#plot !== undefined) this.#plot.resize(size);
    if (this.#sized) this.#wishAgain();
    this.#sized = false;
    // Held: everything stays as it is, samples are kept for later. Another range is what the viewer asked for.
    const range = this.#range;
    const moves = this.data !== undefined || feed?.span === undefined;
    const isAnswered = range === this.#drawnRange && !this.#drewAwaited;
    if (this.#standsStill && moves && this.#plot !== undefined && isAnswered) return;
    this.#drawnRange = range;
    this.#drewAwaited = feed?.awaited === true;
    this.#drawnAt = performance.now();

    const nothingYet = { raw: false, compared: [], forecasts: [], anomalies: [], events: [], alerts: [] };
    const input =
      this.data === undefined && feed !== undefined
        ? feed
        : { ...nothingYet, series: this.data ?? [], span: this.#dataSpan };
    this.#view = chartView(input, this.#settings, size.width, this.#now, this.#view);
    this.#drawPlot(parent, this.#view, size);
    this.#showAround(feed);
  };

  /** Rendering an element of lines, buttons and a table each second would cost more than the lines. */
  #showAround(feed: ChartData | undefined): void {
    const view = this.#view;
    const ongoing = view?.anomalies.some(({ end }) => end === undefined);
    const { min, max } = view?.held.range ?? {};
    const placeholder = this.#noteOf(feed);
    const next = [
      placeholder?.kind,
      feed?.failed.length,
      view?.naming,
      view?.hidden,
      view?.unit,
      view?.stale === true ? Math.floor((this.#now - (view.newest ?? 0)) / 1000) : 0,
      view?.anomalies.length,
      ongoing,
      this.tablePage === undefined ? 0 : view?.newest,
      ...(this.editable ? [min, max, this.#size?.height] : []),
    ];
    const same = next.length === this.#around.length && next.every((one, i) => one === this.#around[i]);
    this.#around = next;
    if (!same || this.point !== undefined) this.requestUpdate();
    else this.#writeValues(placeholder, false);
  }

  /** @param rendered  the element was rendered anew */
  #writeValues(placeholder: ChartNote | undefined, rendered: boolean): void {
    const view = placeholder === undefined ? this.#view : undefined;
    if (view !== undefined && this.#cells.length > 0) {
      for (const [i, value] of legendValues(view, this.point, this.#locale).entries()) {
        const cell = this.#cells[i];
        if (cell !== undefined && cell.textContent !== value) cell.textContent = value;
      }
    }
    const now = performance.now();
    if (!rendered && now - this.#namedAt < namedForMs) return;
    this.#namedAt = now;
    const { words } = this.#locale;
    const name = view === undefined ? this.label : chartSummary(this.label, view, words, this.#locale);
    this.renderRoot.querySelector('.frame')?.setAttribute('aria-label', name);
  }

  /** Series from elsewhere may be of any time: the newest sample stands at the right edge, unless a range is given. */
  get #dataSpan(): Span | undefined {
    const range = this.#range;
    if (range.kind === 'fixed') return range;
    const to = (this.data ?? []).reduce(
      (newest, { column }) => Math.max(newest, column.times.at(-1) ?? -Infinity),
      -Infinity,
    );
    return Number.isFinite(to) ? { from: to - range.ms, to } : undefined;
  }

  get #settings(): ChartSettings {
    const range = this.#range;
    const single = this.threshold === undefined ? [] : [{ value: this.threshold }];
    return {
      kind: chartKinds.find((kind) => kind === this.kind) ?? 'line',
      stacked: this.stacked,
      log: this.log,
      rate: this.rate,
      unit: this.unit,
      windowMs: range.kind === 'last' ? range.ms : range.to - range.from,
      by: this.by
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== ''),
      min: this.min ?? undefined,
      max: this.max ?? undefined,
      thresholds: [...this.thresholds, ...single].map((threshold, i) => ({
        ...threshold,
        value: this.draft?.index === i ? this.draft.value : threshold.value,
      })),
      noAnomalies: this.noAnomalies,
      markers: this.markers,
      annotations: (['alert', 'event'] as const).filter((kind) => this.annotations.split(/\s+/u).includes(kind)),
    };
  }

  #drawPlot(parent: HTMLElement, view: ChartView, size: { width: number; height: number }): void {
    const probe = this.#probePart;
    if (view.newest === undefined || probe === null) return this.#dropPlot();
    const { lang, timeZone } = this.#locale;
    const look = [lang, timeZone, ...view.lines.map(({ signature, slot }) => `${slot} ${signature}`)].join('\n');
    if (this.#plot !== undefined && look === this.#plotLook) return this.#plot.draw(view);
    this.#dropPlot();
    this.#plotLook = look;
    this.#plot = createPlot({
      parent,
      view,
      size,
      colours: readCanvasColours(probe),
      locale: { lang, timeZone },
      devicePixelRatio,
      onPoint: this.#pointed,
      onZoom: (span: Span) => this.#zoomTo(this.#reachesNow(span)),
      onReset: () => this.reset(),
      onWheel: (factor, at) => this.#zoomTo(zoomed(this.#range, factor, at, this.#now)),
    });
    for (const [i, { signature }] of view.lines.entries()) if (this.#off.has(signature)) this.#plot.show(i, false);
  }

  /** What was panned into the future is live. */
  #reachesNow({ from, to }: Span): TimeRange {
    return to > this.#now ? { kind: 'last', ms: to - from } : { kind: 'fixed', from, to };
  }

  #dropPlot(): void {
    this.#plot?.destroy();
    this.#plot = undefined;
    this.#plotLook = '';
    this.point = undefined;
  }

  get #standsStill(): boolean {
    return this.held || this.#hovered || this.#pointedByKey;
  }

  readonly #pointed = (index: number | undefined): void => {
    if (index === this.point) return;
    this.point = index;
    const view = this.#view;
    const time = index === undefined ? undefined : view?.times[index];
    this.#cursors.value?.cursor.set(time === undefined ? undefined : { time, by: this });
    const values = index === undefined ? [] : (view?.lines ?? []).map((line) => [line.name, line.values[index]]);
    this.#fire('tarsier-cursor', { time, values: Object.fromEntries(values) });
  };

  #followCursor(): void {
    const cursor = this.#cursors.value?.cursor.value;
    if (cursor?.by !== this) this.#plot?.follow(cursor?.time);
  }

  readonly #themeChanged = (): void => {
    this.#dropPlot();
    this.#requestDraw();
  };

  #hover(inside: boolean): void {
    this.#hovered = inside;
    if (inside) this.#use();
    if (!inside) this.#pointedByKey = false;
    if (!inside && this.point !== undefined) this.#plot?.point(undefined);
    this.#requestDraw();
  }

  #key(event: KeyboardEvent): void {
    const view = this.#view;
    const last = (view?.times.length ?? 0) - 1;
    if (view === undefined || last < 0 || event.target !== event.currentTarget) return;
    if (event.key === 'Enter' && this.point !== undefined) return this.#drill(this.point);
    const meant = chartKey(event, this.point, last);
    if (meant === undefined) return;
    event.preventDefault();
    switch (meant.kind) {
      case 'point':
        return this.#pointAt(meant.index);
      case 'line': {
        const count = view.lines.filter(({ earlier }) => !earlier).length;
        this.#line = ((this.#line ?? (meant.by === 1 ? -1 : count)) + meant.by + count) % count;
        return this.#pointAt(this.point ?? last);
      }
      case 'mark': {
        const moments = [...view.anomalies.map(({ start }) => start), ...view.markers.map(({ time }) => time)];
        const from = this.point === undefined ? (meant.by === 1 ? -Infinity : Infinity) : (view.times[this.point] ?? 0);
        const mark = nextMark(
          moments.toSorted((a, b) => a - b),
          from,
          meant.by,
        );
        if (mark !== undefined) this.#pointAt(indexNear(view.times, mark));
        return;
      }
      case 'pan':
        return this.#zoomTo(panned(this.#range, meant.part, this.#now));
      case 'zoom':
        return this.#zoomTo(
          zoomed(this.#range, meant.factor, this.point === undefined ? undefined : view.times[this.point], this.#now),
        );
      case 'reset':
        return this.reset();
      case 'hold':
        this.held = !this.held;
        return this.#requestDraw();
      case 'table':
        return this.#toggleTable();
      case 'summary':
        return this.#use(({ summaryInWords }) => this.#say(summaryInWords(this.label, view, this.#locale)));
      case 'help':
        this.helpShown = true;
        return;
      case 'leave':
        return this.#leave();
    }
  }

  #pointAt(index: number): void {
    this.#pointedByKey = true;
    this.#plot?.point(index);
    const view = this.#view;
    const line = this.#line;
    this.#use(({ pointInWords }) => {
      if (view !== undefined && this.#pointedByKey) this.#say(pointInWords(view, index, line, this.#locale));
    });
  }

  #leave(): void {
    this.#pointedByKey = false;
    this.#line = undefined;
    clearTimeout(this.#speaking);
    this.#spoken = '';
    this.#plot?.point(undefined);
    this.#requestDraw();
  }

  #say(text: string): void {
    clearTimeout(this.#speaking);
    this.#speaking = setTimeout(() => {
      this.#spoken = text;
      this.requestUpdate();
    }, speakAfterMs);
  }

  #drill(index: number): void {
    const hosts = new Set(this.#feed?.data.series.map(({ labels }) => labels['host']) ?? []);
    const [host] = hosts;
    this.#fire('tarsier-drill', { time: this.#view?.times[index], ...(hosts.size === 1 ? { host } : {}) });
  }

  #fire(name: string, detail: unknown): boolean {
    return this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable: true }));
  }

  #toggleTable(): void {
    this.tablePage = this.tablePage === undefined ? 0 : undefined;
  }

  #toggle(signature: string, alone: boolean): void {
    const lines = this.#view?.lines ?? [];
    if (alone) {
      const wasAlone = lines.every(
        (line) => line.earlier || this.#off.has(line.signature) === (line.signature !== signature),
      );
      this.#off.clear();
      if (!wasAlone) for (const line of lines) if (line.signature !== signature) this.#off.add(line.signature);
    } else if (!this.#off.delete(signature)) {
      this.#off.add(signature);
    }
    for (const [i, line] of lines.entries()) {
      const [own = ''] = line.signature.split('\nearlier');
      this.#plot?.show(i, !this.#off.has(own));
    }
    this.requestUpdate();
  }

  #noteOf(feed: ChartData | undefined): ChartNote | undefined {
    const source = this.#follow.source;
    // Before it was drawn nobody knows whether it is empty, and an empty one is of another height.
    if (this.data !== undefined && this.#view === undefined) return { kind: 'loading' };
    if (this.data !== undefined) return this.#view?.newest === undefined ? { kind: 'empty' } : undefined;
    if (source === undefined) return { kind: 'no-provider' };
    if (this.#view?.newest !== undefined && (feed?.state.kind !== 'failed' || feed.series.length > 0)) return undefined;
    if (this.#queries.length === 0) return { kind: 'unasked' };
    const isCutOff = cutOff(source.connection.value);
    // What was asked for fails then, too, and another site's page may not read why.
    if (isCutOff === 'token-refused') return { kind: isCutOff };
    if (feed?.state.kind === 'failed') return { kind: 'error', error: feed.state.error };
    if (isCutOff !== undefined) return { kind: isCutOff };
    return { kind: feed?.state.kind === 'ready' && this.#view !== undefined ? 'empty' : 'loading' };
  }

  override render(): TemplateResult {
    const feed = this.#feed?.data;
    const placeholder = this.#noteOf(feed);
    const view = placeholder === undefined ? this.#view : undefined;
    const now = this.#now;
    const text = this.#locale;
    const { chart } = text.words;
    const extras = this.#extras;
    const failed = feed?.failed.length ?? 0;
    return html`<figure class="card ${view?.stale === true ? 'stale' : ''}" part="figure" aria-labelledby="title">
      <figcaption part="toolbar">
        <h3 id="title">${this.label}</h3>
        ${view === undefined ? nothing : badges(view, failed, this.#queries.length, now, text)}
        <slot name="actions"></slot>
        ${view === undefined ? nothing : this.#tools()}
      </figcaption>
      <div
        class="frame ${placeholder?.kind === 'empty' || placeholder?.kind === 'unasked' ? 'without' : ''}"
        role="application"
        aria-roledescription=${chart.role}
        tabindex=${view === undefined ? -1 : 0}
        @keydown=${this.#key}
        @blur=${this.#leave}
        @pointerenter=${() => this.#hover(true)}
        @pointerleave=${() => this.#hover(false)}
        @pointercancel=${() => this.#hover(false)}
      >
        <div class="plot"></div>
        ${
          placeholder === undefined
            ? nothing
            : note(placeholder, this.#range, now, text, () => {
                this.#feed?.retry();
                this.#follow.source?.retry();
              })
        }
        ${view === undefined || !this.editable ? nothing : this.#handles(view, extras)}
        ${
          view === undefined || this.point === undefined || extras === undefined
            ? nothing
            : extras.tooltip(view, this.point, this.#off, text)
        }
      </div>
      ${view === undefined ? nothing : this.#proposal(view)}
      ${
        view === undefined || this.noLegend
          ? nothing
          : legend(view, this.#off, (signature, alone) => this.#toggle(signature, alone), text)
      }
      <div class="visually-hidden" role="status">${this.#spoken}</div>
      ${
        view === undefined || this.tablePage === undefined || extras === undefined
          ? nothing
          : extras.table(this.label, view, this.tablePage, (page) => (this.tablePage = page), text)
      }
      ${this.helpShown && extras !== undefined ? extras.help(text, () => (this.helpShown = false)) : nothing}
      <span class="visually-hidden sentinel" aria-hidden="true" @transitionend=${this.#themeChanged}></span>
      <span class="visually-hidden probe" aria-hidden="true"></span>
    </figure>`;
  }

  #handles(view: ChartView, extras: Extras | undefined): TemplateResult | typeof nothing {
    if (extras === undefined) return nothing;
    return extras.thresholdHandles(view, this.#plot, this.#locale, (index, value) => {
      this.draft = { index, value };
      // Also while it is hovered: the line has to follow the hand.
      const settings = this.#settings;
      this.#view = { ...view, settings, thresholds: settings.thresholds };
      this.#plot?.draw(this.#view);
    });
  }

  /** A threshold that was moved is a proposal, until somebody takes it. */
  #proposal({ unit }: ChartView): TemplateResult | typeof nothing {
    const { draft } = this;
    if (draft === undefined) return nothing;
    const { proposeRule, reset } = this.#locale.words.chart;
    const [query] = this.#queries;
    return html`<div class="proposal">
      <button
        class="button"
        type="button"
        @click=${() => this.#fire('tarsier-threshold', { expr: query === undefined ? '' : asPromql(query), value: draft.value })}
      >
        ${proposeRule(formatValue(draft.value, unit, this.#locale))}
      </button>
      <button
        class="button"
        type="button"
        @click=${() => {
          this.draft = undefined;
          this.#view = undefined;
          this.#requestDraw();
        }}
      >
        ${reset}
      </button>
    </div>`;
  }

  #tools(): TemplateResult {
    const { chart } = this.#locale.words;
    const tableShown = this.tablePage !== undefined;
    return html`<div class="tools">
      <button
        class="tool"
        type="button"
        aria-pressed=${this.held ? 'true' : 'false'}
        aria-label=${chart.hold(this.label)}
        title=${this.held ? chart.goOn : chart.holdTitle}
        @click=${() => {
          this.held = !this.held;
          this.#requestDraw();
        }}
      >
        ${this.held ? icons.play : icons.pause}
      </button>
      <button
        class="tool"
        type="button"
        aria-pressed=${tableShown ? 'true' : 'false'}
        aria-label=${chart.asTable(this.label)}
        title=${chart.table}
        @click=${() => this.#toggleTable()}
      >
        ${icons.table}
      </button>
      <button
        class="tool menu-button"
        type="button"
        aria-label=${chart.menu(this.label)}
        title=${chart.menuTitle}
        popovertarget="menu"
      >
        ${icons.menu}
      </button>
      <div id="menu" class="menu" popover @toggle=${this.#openMenu}>
        ${this.#extras?.menuEntries(this.#locale, this.#menuActions) ?? nothing}
      </div>
    </div>`;
  }

  readonly #openMenu = async ({ newState, currentTarget: menu }: ToggleEvent): Promise<void> => {
    if (newState !== 'open') return;
    await this.#load();
    await this.updateComplete;
    if (menu instanceof HTMLElement) menu.querySelector('button')?.focus();
  };

  readonly #menuActions: MenuActions = {
    zoomIn: () => this.#zoomTo(zoomed(this.#range, 0.5, undefined, this.#now)),
    zoomOut: () => this.#zoomTo(zoomed(this.#range, 2, undefined, this.#now)),
    reset: () => this.reset(),
    csv: () => this.#save('csv', async () => new Blob([await this.toCSV()], { type: 'text/csv' })),
    svg: () => this.#save('svg', async () => new Blob([await this.toSVG()], { type: 'image/svg+xml' })),
    png: () => this.#save('png', () => this.toPNG()),
    link: () => void navigator.clipboard.writeText(this.permalink()).catch(() => undefined),
    help: () => (this.helpShown = true),
  };

  async #save(kind: string, make: () => Promise<Blob>): Promise<void> {
    const [{ save }, blob] = await Promise.all([this.#load(), make()]);
    save(blob, `${this.label || 'chart'}.${kind}`);
  }
}

function asPromql({ expr, rate }: ChartQuery): string {
  return rate ? `rate(${expr}[1m])` : expr;
}

function indexNear(times: Float64Array, time: number): number {
  const after = times.findIndex((one) => one >= time);
  return after < 0 ? times.length - 1 : after;
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-chart': TarsierChart;
  }
}
