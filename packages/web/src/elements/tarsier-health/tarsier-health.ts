import type { SeriesForecast } from '@tarsier/protocol/api';
import { escapeLabelValue, seriesSignature } from '@tarsier/protocol/labels';
import { css, html, LitElement } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { formatAge, formatDuration } from '../../chart/age.ts';
import { formatValue } from '../../chart/units.ts';
import { usualBandOf } from '../../chart/usual-band.ts';
import { EventsFeedController } from '../../controllers/events-feed.ts';
import { SecondsController } from '../../controllers/follow.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { PageViewController } from '../../controllers/page-view.ts';
import { RequestError } from '../../data/rest.ts';
import type { DataSource, Loadable } from '../../data/source.ts';
import { parseRange } from '../../data/time-range.ts';
import type { TimeRange } from '../../data/time-range.ts';
import { SourceController } from '../../controllers/source-context.ts';
import { fleetWords } from '../../i18n/fleet/words.ts';
import { icons } from '../../styles/icons.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { insightsOf } from './insights.ts';

const defaultRange: TimeRange = { kind: 'last', ms: 3_600_000 };
const forecastEveryMs = 300_000;
const fullAt = 0.95;

/**
 * A host at a glance: vital signs, how much of it is unusual, what changed (the strongest first), and which disk will
 * be full.
 *
 * @fires tarsier-drill - a series is to be seen in a chart; `detail` has `query` and `host`
 * @csspart vitals
 * @csspart insights
 */
export class TarsierHealth extends LitElement {
  static override styles = [
    tokens,
    base,
    css`
      :host {
        display: block;
        min-width: 0;
      }
      .vitals {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(140px, 1fr));
        gap: 12px;
      }
      .lists {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr));
        gap: 12px;
        margin-top: 12px;
      }
      section {
        padding: 12px 14px;
      }
      h3 {
        margin-bottom: 8px;
        font-size: 14px;
        font-weight: 600;
      }
      li,
      .calm {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 2px 8px;
        padding: 4px 0;
      }
      .calm .icon {
        color: var(--_ok);
      }
      li .icon {
        color: var(--_anomaly);
      }
      li button {
        padding: 0;
        border: 0;
        background: none;
        color: var(--_accent);
        text-align: start;
        text-decoration: underline;
        min-height: 24px;
      }
      li .quiet {
        font-size: 13px;
      }
    `,
  ];

  /** The host's name. */
  @property() host = '';
  /** `5m`, or two times with `/` between. Empty: the provider's, or the last hour. */
  @property() range = '';

  @state() private forecasts: Loadable<readonly SeriesForecast[]> = { kind: 'loading' };

  readonly #locale = new LocaleController(this, fleetWords);
  readonly #view = new PageViewController(this, ({ range }) => [range]);
  readonly #feed = new EventsFeedController(this, () => ({
    range: parseRange(this.range) ?? this.#view.value?.range.value ?? defaultRange,
    host: this.host,
  }));
  readonly #source = new SourceController(this, (source) => void this.#look(source));
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.addController(this.#source);
    this.addController(new SecondsController(this));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => void this.#look(this.#source.value), forecastEveryMs);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('host')) return;
    this.forecasts = { kind: 'loading' };
    void this.#look(this.#source.value);
  }

  get #selector(): string {
    return `host="${escapeLabelValue(this.host)}"`;
  }

  async #look(source: DataSource | undefined): Promise<void> {
    if (source === undefined || this.host === '') return;
    const { host } = this;
    const parameters = new URLSearchParams({
      query: `disk_used_ratio{${this.#selector}}`,
      horizon: '1d',
      limit: String(fullAt),
      direction: 'above',
    });
    try {
      const { forecasts } = await source.api.get(`/v1/forecast?${parameters}`);
      if (host === this.host) this.forecasts = { kind: 'ready', value: forecasts };
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      if (this.forecasts.kind !== 'ready') this.forecasts = { kind: 'failed', error };
    }
  }

  #drill(query: string): void {
    const detail = { query, host: this.host };
    this.dispatchEvent(new CustomEvent('tarsier-drill', { detail, bubbles: true, composed: true, cancelable: true }));
  }

  override render(): TemplateResult {
    const { host: hostWords, health, hosts } = this.#locale.words;
    const own = this.#selector;
    return html`<div class="vitals" part="vitals">
        <tarsier-stat
          label=${hosts.cpu}
          selector=${`cpu_busy_ratio{${own},cpu="all"}`}
          range=${this.range}
        ></tarsier-stat>
        <tarsier-stat label=${hosts.memory} selector=${`memory_used_ratio{${own}}`} range=${this.range}></tarsier-stat>
        <tarsier-stat
          label=${hostWords.vitals.load}
          selector=${`load_average{${own},window="1m"}`}
          range=${this.range}
        ></tarsier-stat>
        <tarsier-stat label=${health.rate} query=${`host_anomaly_ratio{${own}}`} range=${this.range}></tarsier-stat>
      </div>
      <div class="lists">
        <section class="card" part="insights" aria-labelledby="insights">
          <h3 id="insights">${health.insights}</h3>
          ${this.#insights()}
        </section>
        <section class="card" aria-labelledby="ahead">
          <h3 id="ahead">${health.forecasts}</h3>
          ${this.#ahead()}
        </section>
      </div>`;
  }

  #insights(): TemplateResult {
    const { words: text } = this.#locale;
    const events = this.#feed.events;
    if (events.kind === 'loading') return html`<p class="quiet" aria-busy="true">${text.loading}</p>`;
    if (events.kind === 'failed') return html`<p class="quiet">${text.anomalies.failed} ${events.error.message}</p>`;
    const insights = insightsOf(events.value);
    if (insights.length === 0) return html`<p class="calm">${icons.ok}${text.health.calm}</p>`;
    const now = this.#source.value?.now() ?? Date.now();
    return html`<ul>
      ${insights.map((insight) => {
        const { metric, labels, since, ongoing } = insight;
        const { value, low, high, unit } = usualBandOf(insight);
        const [is, least, most] = [value, low, high].map((each) => formatValue(each, unit, this.#locale));
        return html`<li>
          ${icons.warning}
          <button type="button" @click=${() => this.#drill(seriesSignature({ name: metric, labels }))}>
            ${[metric, ...Object.entries(labels).flatMap(([key, label]) => (key === 'host' ? [] : [label]))].join(' ')}
          </button>
          <span class="quiet"
            >${text.anomalies.value(is ?? '', least ?? '', most ?? '')},
            ${ongoing ? text.anomalies.ongoing : formatAge(since, now, this.#locale)}</span
          >
        </li>`;
      })}
    </ul>`;
  }

  #ahead(): TemplateResult {
    const { words: text } = this.#locale;
    if (this.forecasts.kind === 'loading') return html`<p class="quiet" aria-busy="true">${text.loading}</p>`;
    if (this.forecasts.kind === 'failed') {
      return html`<p class="quiet">${text.health.failed} ${this.forecasts.error.message}</p>`;
    }
    const now = this.#source.value?.now() ?? Date.now();
    const coming = this.forecasts.value
      .flatMap(({ metric, crossing }) => (crossing?.at === undefined ? [] : [{ metric, at: crossing.at }]))
      .toSorted((a, b) => a.at - b.at);
    if (coming.length === 0) return html`<p class="calm">${icons.ok}${text.health.noForecast}</p>`;
    return html`<ul>
      ${coming.map(
        ({ metric, at }) =>
          html`<li>
            ${icons.warning}${text.health.full(metric['mount'] ?? this.host, text.health.fullIn(formatDuration(at - now)))}
          </li>`,
      )}
    </ul>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-health': TarsierHealth;
  }
}
