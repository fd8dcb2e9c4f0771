import { html, LitElement, nothing, unsafeCSS } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import uPlotCss from 'uplot/dist/uPlot.min.css?inline';
import { readCanvasColours } from '../../chart/canvas-colours.ts';
import { chartSummary, chartView } from '../../chart/chart-view.ts';
import type { ChartView } from '../../chart/chart-view.ts';
import { pageFrames } from '../../chart/frame.ts';
import { createPlot } from '../../chart/plot.ts';
import type { Plot } from '../../chart/plot.ts';
import { parseWindow } from '../../chart/window.ts';
import { FollowController, SecondsController } from '../../controllers/follow.ts';
import { SourceController } from '../../controllers/source-context.ts';
import type { LiveSubscription } from '../../data/source.ts';
import { icons } from '../../styles/icons.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { badges, legend, note, pointInWords, table, tooltip } from './parts.ts';
import type { ChartNote } from './parts.ts';
import { styles } from './tarsier-chart.styles.ts';

/**
 * Series as lines over the last minutes, moving as samples come, anomalies shaded. It stands still while the pointer
 * or the keyboard is in it. Keys: arrows move along the samples, Home and End jump, Space holds, Escape leaves.
 *
 * @slot empty - what to say when there is no sample
 * @csspart figure
 * @csspart legend
 * @csspart tooltip
 * @csspart table
 * @cssproperty --tarsier-chart-height - height of the plot; 190px
 */
export class TarsierChart extends LitElement {
  static override styles = [unsafeCSS(uPlotCss), tokens, base, styles];

  /** The title. */
  @property() label = '';
  /** Which series: a Prometheus instant-vector selector. */
  @property() selector = '';
  /** Shows counters as their increase per second. */
  @property({ type: Boolean }) rate = false;
  /** Unit of the values; empty: the metric's own. */
  @property() unit = '';
  /** How much of the past: `30s`, `5m`, `1h`. */
  @property() window = '5m';
  /** Labels that name a line, separated by commas; empty: those that tell the lines apart. */
  @property() by = '';
  /** Fixed top of the axis; absent: follows the values. */
  @property({ type: Number }) max: number | undefined;

  @state() private held = false;
  @state() private tableShown = false;
  @state() private point: number | undefined;

  #view: ChartView | undefined;
  #plot: Plot | undefined;
  /** What the plot was built for; another set of lines needs another plot. */
  #plotLines = '';
  #subscription: LiveSubscription | undefined;
  #visible = true;
  #hovered = false;
  #spoken = '';
  readonly #off = new Set<string>();

  readonly #source = new SourceController(this, () => this.#watch());
  readonly #follow = new FollowController(this, ({ anomalies, connection }) => [anomalies, connection]);
  readonly #resize = new ResizeObserver(() => this.#requestDraw(true));
  readonly #intersection = new IntersectionObserver(
    (entries) => {
      this.#visible = entries.at(-1)?.isIntersecting ?? true;
      if (this.#visible) this.#requestDraw();
    },
    { rootMargin: '200px' },
  );

  constructor() {
    super();
    this.addController(this.#source);
    // Time goes on without samples: the curve has to move left and its age to be said.
    this.addController(new SecondsController(this, () => this.#requestDraw()));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#intersection.observe(this);
    const plot = this.#part('plot');
    if (plot !== null) this.#resize.observe(plot);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#intersection.disconnect();
    this.#resize.disconnect();
    // Moved within the document: the plot is kept.
    queueMicrotask(() => {
      if (this.isConnected) return;
      pageFrames.cancel(this.#draw);
      this.#dropPlot();
    });
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('selector') || changed.has('window')) this.#watch();
    if (changed.has('rate') || changed.has('unit') || changed.has('by') || changed.has('max')) {
      this.#view = undefined;
      this.#requestDraw();
    }
  }

  protected override firstUpdated(): void {
    const plot = this.#part('plot');
    if (plot !== null) this.#resize.observe(plot);
  }

  protected override updated(): void {
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

  #part(name: 'plot' | 'probe' | 'tooltip'): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>(`.${name}`);
  }

  #watch(): void {
    this.#subscription?.close();
    this.#subscription = undefined;
    this.#view = undefined;
    const source = this.#source.value;
    if (source === undefined || this.selector === '') return;
    const query = { selector: this.selector, windowMs: parseWindow(this.window) };
    this.#subscription = source.watch(query, () => this.#requestDraw());
    this.#requestDraw();
  }

  #sized = false;

  #requestDraw(sized = false): void {
    this.#sized ||= sized;
    if (this.isConnected) pageFrames.request(this.#draw);
  }

  readonly #draw = (): void => {
    const parent = this.#part('plot');
    const source = this.#source.value;
    if (parent === null || source === undefined || this.#subscription === undefined) return this.requestUpdate();
    const size = { width: parent.clientWidth, height: parent.clientHeight };
    // Out of view it is drawn once, so that there is something to scroll to and to read aloud, and then left alone.
    if (size.width === 0 || (!this.#visible && this.#plot !== undefined)) return;
    if (this.#sized && this.#plot !== undefined) this.#plot.resize(size);
    this.#sized = false;
    // Held: everything stays as it is, samples are kept for later.
    if (this.#standsStill && this.#plot !== undefined) return;

    this.#view = chartView(
      this.#subscription.series,
      source.anomalies.value,
      {
        rate: this.rate,
        unit: this.unit,
        windowMs: parseWindow(this.window),
        by: this.by
          .split(',')
          .map((name) => name.trim())
          .filter((name) => name !== ''),
        max: this.max ?? undefined,
      },
      size.width,
      source.now(),
      this.#view,
    );
    this.#drawPlot(parent, this.#view, size);
    this.requestUpdate();
  };

  #drawPlot(parent: HTMLElement, view: ChartView, size: { width: number; height: number }): void {
    const probe = this.#part('probe');
    if (view.newest === undefined || probe === null) return this.#dropPlot();
    const lines = view.lines.map(({ signature, slot }) => `${slot} ${signature}`).join('\n');
    if (this.#plot !== undefined && lines === this.#plotLines) return this.#plot.draw(view);
    this.#dropPlot();
    this.#plotLines = lines;
    const colours = readCanvasColours(probe);
    this.#plot = createPlot({ parent, view, colours, size, onPoint: this.#pointed });
    for (const [i, { signature }] of view.lines.entries()) if (this.#off.has(signature)) this.#plot.show(i, false);
  }

  #dropPlot(): void {
    this.#plot?.destroy();
    this.#plot = undefined;
    this.point = undefined;
  }

  get #standsStill(): boolean {
    return this.held || this.#hovered || this.#pointedByKey;
  }

  /** Whether the keyboard moved the cursor; then it stays until Escape or the focus leaves. */
  #pointedByKey = false;

  readonly #pointed = (index: number | undefined): void => {
    this.point = index;
  };

  readonly #themeChanged = (): void => {
    this.#dropPlot();
    this.#requestDraw();
  };

  #hover(inside: boolean): void {
    this.#hovered = inside;
    if (!inside) this.#pointedByKey = false;
    if (!inside && this.point !== undefined) this.#plot?.point(undefined);
    this.#requestDraw();
  }

  #key(event: KeyboardEvent): void {
    const last = (this.#view?.times.length ?? 0) - 1;
    if (last < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = this.point ?? last + 1;
    const step = event.shiftKey ? Math.max(1, Math.round(last / 10)) : 1;
    const moves: Readonly<Record<string, number>> = { ArrowLeft: at - step, ArrowRight: at + step, Home: 0, End: last };
    const to = moves[event.key];
    if (to !== undefined) {
      this.#pointedByKey = true;
      this.#plot?.point(Math.min(last, Math.max(0, to)));
      this.#speak();
    } else if (event.key === ' ') {
      this.held = !this.held;
    } else if (event.key === 'Escape' && this.point !== undefined) {
      this.#leave();
    } else {
      return;
    }
    event.preventDefault();
  }

  #leave(): void {
    this.#pointedByKey = false;
    this.#spoken = '';
    this.#plot?.point(undefined);
    this.#requestDraw();
  }

  #speak(): void {
    if (this.#view !== undefined && this.point !== undefined) this.#spoken = pointInWords(this.#view, this.point);
    this.requestUpdate();
  }

  #toggle(signature: string): void {
    if (!this.#off.delete(signature)) this.#off.add(signature);
    const line = this.#view?.lines.findIndex((one) => one.signature === signature) ?? -1;
    if (line >= 0) this.#plot?.show(line, !this.#off.has(signature));
    this.requestUpdate();
  }

  #note(): ChartNote | undefined {
    const source = this.#follow.source;
    if (source === undefined) return { kind: 'no-provider' };
    const subscribed = this.#subscription?.state;
    if (subscribed?.kind === 'failed') return { kind: 'error', error: subscribed.error };
    if (this.#view?.newest !== undefined) return undefined;
    const { kind } = source.connection.value;
    if (kind === 'signed-out' || kind === 'offline') return { kind };
    return { kind: subscribed?.kind === 'ready' && this.#view !== undefined ? 'empty' : 'loading' };
  }

  override render(): TemplateResult {
    const placeholder = this.#note();
    const view = placeholder === undefined ? this.#view : undefined;
    const now = this.#source.value?.now() ?? 0;
    return html`<figure class="card ${view?.stale === true ? 'stale' : ''}" part="figure" aria-labelledby="title">
      <figcaption>
        <h3 id="title">${this.label}</h3>
        ${view === undefined ? nothing : badges(view, now)} ${view === undefined ? nothing : this.#tools()}
      </figcaption>
      <div
        class="frame"
        role="application"
        aria-roledescription="time series chart"
        tabindex=${view === undefined ? -1 : 0}
        aria-label=${view === undefined ? this.label : chartSummary(this.label, view)}
        @keydown=${this.#key}
        @blur=${this.#leave}
        @pointerenter=${() => this.#hover(true)}
        @pointerleave=${() => this.#hover(false)}
        @pointercancel=${() => this.#hover(false)}
      >
        <div class="plot"></div>
        ${placeholder === undefined ? nothing : note(placeholder, parseWindow(this.window))}
        ${view === undefined || this.point === undefined ? nothing : tooltip(view, this.point, this.#off)}
      </div>
      ${view === undefined ? nothing : legend(view, this.point, this.#off, (signature) => this.#toggle(signature))}
      <div class="visually-hidden" role="status">${this.#spoken}</div>
      ${view !== undefined && this.tableShown ? table(this.label, view) : nothing}
      <span class="visually-hidden sentinel" aria-hidden="true" @transitionend=${this.#themeChanged}></span>
      <span class="visually-hidden probe" aria-hidden="true"></span>
    </figure>`;
  }

  #tools(): TemplateResult {
    return html`<button
        class="tool"
        type="button"
        aria-pressed=${this.held ? 'true' : 'false'}
        aria-label="Hold ${this.label}"
        title=${this.held ? 'Go on' : 'Hold'}
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
        aria-pressed=${this.tableShown ? 'true' : 'false'}
        aria-label="${this.label} as a table"
        title="Table"
        @click=${() => (this.tableShown = !this.tableShown)}
      >
        ${icons.table}
      </button>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-chart': TarsierChart;
  }
}
