import type { SeriesColumn, Severity } from '@tarsier/protocol';
import { html, LitElement, nothing, svg } from 'lit';
import type { TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { formatAge } from '../../chart/age.ts';
import { pageFrames } from '../../chart/frame.ts';
import { sparkBox, sparkPath } from '../../chart/spark-path.ts';
import { formatValue } from '../../chart/units.ts';
import { FollowController, SecondsController } from '../../controllers/follow.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { SourceController } from '../../controllers/source-context.ts';
import type { DataSource, LiveSubscription } from '../../data/source.ts';
import { fleetWords } from '../../i18n/fleet/words.ts';
import { icons } from '../../styles/icons.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { styles } from './tarsier-host-grid.styles.ts';

const windowMs = 120_000;
/** A value older than this is not "now" any more. */
const freshMs = 30_000;

const vitals = [
  { id: 'cpu', selector: 'cpu_busy_ratio{cpu="all"}' },
  { id: 'memory', selector: 'memory_used_ratio' },
] as const;

interface Card {
  readonly host: string;
  /** Of each vital sign; undefined where it has none. */
  readonly columns: readonly (SeriesColumn | undefined)[];
  /** When it was last heard of; -Infinity: longer ago than is remembered. */
  readonly newest: number;
  /** The worst that fires. */
  readonly firing: Severity | undefined;
  readonly unusual: boolean;
  readonly stale: boolean;
}

const severityRank = { page: 4, critical: 3, warning: 2, info: 1 } as const;

/** How much it needs somebody. */
function needOf({ firing, unusual, stale }: Card): number {
  if (firing !== undefined) return 2 + severityRank[firing];
  return unusual ? 2 : stale ? 1 : 0;
}

/**
 * All hosts: state, when last seen, CPU and memory of the last two minutes. Those that need somebody come first: with
 * what fires, the worst before the others, then unusual ones, then silent ones; the rest by name. A click or Enter
 * chooses one.
 *
 * @fires tarsier-drill - a host was chosen; `detail.host` is its name
 * @csspart host
 */
export class TarsierHostGrid extends LitElement {
  static override styles = [tokens, base, styles];

  /** The chosen host. */
  @property() selected = '';

  readonly #follow = new FollowController(this, ({ hosts, alerts, events }) => [hosts, alerts, events]);
  readonly #locale = new LocaleController(this, fleetWords);
  #subscriptions: readonly LiveSubscription[] = [];

  constructor() {
    super();
    this.addController(new SecondsController(this));
    this.addController(new SourceController(this, (source) => this.#watch(source)));
  }

  #watch(source: DataSource | undefined): void {
    for (const subscription of this.#subscriptions) subscription.close();
    this.#subscriptions =
      source === undefined
        ? []
        : vitals.map(({ selector }) => source.watch({ selector, windowMs }, () => pageFrames.request(this.#drawn)));
  }

  readonly #drawn = (): void => this.requestUpdate();

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    pageFrames.cancel(this.#drawn);
  }

  override render(): TemplateResult {
    const { hosts: text, tryAgain, denied } = this.#locale.words;
    const source = this.#follow.source;
    const state = source?.hosts.value;
    if (source === undefined || state === undefined || state.kind === 'loading') {
      return html`<ul aria-busy="true" aria-label=${text.loading}>
        <li class="card skeleton"></li>
      </ul>`;
    }
    // Trying again changes nothing.
    if (state.kind === 'failed' && state.error.code === 'auth/scope') {
      return html`<p class="card message">${denied}</p>`;
    }
    if (state.kind === 'failed') {
      return html`<div class="card message">
        <p><strong>${text.failed}</strong> ${state.error.message} <code>${state.error.code}</code></p>
        <p><button class="button" type="button" @click=${() => source.retry()}>${tryAgain}</button></p>
      </div>`;
    }
    if (state.value.length === 0) return html`<slot name="empty"><p class="card message">${text.none}</p></slot>`;
    const firing = this.#firing();
    const unusual = new Set(source.events.value.flatMap(({ host, end }) => (end === undefined ? [host] : [])));
    const seriesByHost = this.#subscriptions.map(
      ({ series }) => new Map(series.map((one) => [one.labels['host'] ?? '', one])),
    );
    const now = source.now();
    const cards = state.value.map((summary): Card => {
      const { host, lastSeen } = summary;
      const columns = seriesByHost.map((byHost) => byHost.get(host)?.column);
      const newest = Math.max(lastSeen ?? -Infinity, ...columns.map((column) => column?.times.at(-1) ?? -Infinity));
      return {
        host,
        columns,
        newest,
        firing: firing.get(host),
        unusual: unusual.has(host),
        stale: summary.state === 'stale' && now - newest > freshMs,
      };
    });
    return html`<ul aria-label=${text.label}>
      ${repeat(
        cards.toSorted((a, b) => needOf(b) - needOf(a) || a.host.localeCompare(b.host)),
        ({ host }) => host,
        (card) => this.#card(card, now),
      )}
    </ul>`;
  }

  /** The worst firing severity of each host. */
  #firing(): ReadonlyMap<string, Severity> {
    const worst = new Map<string, Severity>();
    const alerts = this.#follow.source?.alerts.value;
    if (alerts?.kind !== 'ready') return worst;
    for (const { host, severity, state } of alerts.value) {
      const held = worst.get(host);
      if (state.kind === 'firing' && (held === undefined || severityRank[severity] > severityRank[held])) {
        worst.set(host, severity);
      }
    }
    return worst;
  }

  #card({ host, columns, newest, firing, unusual, stale }: Card, now: number): TemplateResult {
    const { hosts: text, noData, severity } = this.#locale.words;
    return html`<li>
      <button
        type="button"
        class="card"
        part="host"
        aria-current=${host === this.selected ? 'true' : 'false'}
        @click=${() => this.#choose(host)}
      >
        <span class="head">
          <span class="name" title=${host}>${host}</span>
          ${
            stale
              ? html`<span class="state stale">${icons.stale}${text.stale}</span>`
              : firing !== undefined
                ? html`<span class="state ${firing}">${icons[firing]}${severity[firing]}</span>`
                : unusual
                  ? html`<span class="state unusual">${icons.anomalies}${text.unusual}</span>`
                  : html`<span class="state up">${icons.ok}${text.up}</span>`
          }
        </span>
        ${
          stale
            ? html`<span class="seen quiet"
                >${Number.isFinite(newest) ? text.lastSeen(formatAge(newest, now, this.#locale)) : text.notLately}</span
              >`
            : vitals.map(({ id }, i) => {
                const column = columns[i];
                // Loading ends: a host whose agent sends no such series has none.
                if (column === undefined && this.#subscriptions[i]?.state.kind === 'ready') {
                  return html`<span class="vital ${id}">
                    <span class="quiet">${text[id]}</span><span class="none quiet">${noData}</span>
                  </span>`;
                }
                const fresh = column !== undefined && now - (column.times.at(-1) ?? -Infinity) < freshMs;
                return html`<span class="vital ${id}">
                  <span class="quiet">${text[id]}</span>
                  <span class="value">${fresh ? formatValue(column.values.at(-1), 'ratio', this.#locale) : '…'}</span>
                  <svg
                    class="spark"
                    viewBox="0 0 ${sparkBox.width} ${sparkBox.height}"
                    preserveAspectRatio="none"
                    aria-hidden="true"
                  >
                    ${column === undefined ? nothing : svg`<path d=${sparkPath(column, { from: now - windowMs, to: now, min: 0, max: 1 })} />`}
                  </svg>
                </span>`;
              })
        }
      </button>
    </li>`;
  }

  #choose(host: string): void {
    this.dispatchEvent(
      new CustomEvent('tarsier-drill', { detail: { host }, bubbles: true, composed: true, cancelable: true }),
    );
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-host-grid': TarsierHostGrid;
  }
}
