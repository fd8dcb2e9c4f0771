import type { Severity } from '@tarsier/protocol';
import type { HostSummary } from '@tarsier/protocol/api';
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
import type { DataSource, HeldSeries, LiveSubscription } from '../../data/source.ts';
import { words } from '../../i18n/words.ts';
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

const severityRank = { page: 4, critical: 3, warning: 2, info: 1 } as const;

/**
 * All hosts: state, when last seen, CPU and memory of the last two minutes. A click or Enter chooses one.
 *
 * @fires tarsier-drill - a host was chosen; `detail.host` is its name
 * @csspart host
 */
export class TarsierHostGrid extends LitElement {
  static override styles = [tokens, base, styles];

  /** The chosen host. */
  @property() selected = '';

  readonly #follow = new FollowController(this, ({ hosts, alerts }) => [hosts, alerts]);
  readonly #locale = new LocaleController(this, words);
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
    const { hosts: text, tryAgain } = this.#locale.words;
    const source = this.#follow.source;
    const state = source?.hosts.value;
    if (source === undefined || state === undefined || state.kind === 'loading') {
      return html`<ul aria-busy="true" aria-label=${text.loading}>
        <li class="card skeleton"></li>
      </ul>`;
    }
    if (state.kind === 'failed') {
      return html`<div class="card message">
        <p><strong>${text.failed}</strong> ${state.error.message} <code>${state.error.code}</code></p>
        <p><button class="button" type="button" @click=${() => source.retry()}>${tryAgain}</button></p>
      </div>`;
    }
    if (state.value.length === 0) return html`<slot name="empty"><p class="card message">${text.none}</p></slot>`;
    const firing = this.#firing();
    const seriesByHost = this.#subscriptions.map(
      ({ series }) => new Map(series.map((one) => [one.labels['host'] ?? '', one])),
    );
    const now = source.now();
    return html`<ul aria-label=${text.label}>
      ${repeat(
        state.value.toSorted((a, b) => a.host.localeCompare(b.host)),
        ({ host }) => host,
        (summary) => this.#card(summary, seriesByHost, firing.get(summary.host), now),
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

  #card(
    { host, lastSeen, state }: HostSummary,
    seriesByHost: readonly ReadonlyMap<string, HeldSeries>[],
    firing: Severity | undefined,
    now: number,
  ): TemplateResult {
    const { hosts: text, severity } = this.#locale.words;
    const columns = seriesByHost.map((byHost) => byHost.get(host)?.column);
    const newest = Math.max(lastSeen ?? -Infinity, ...columns.map((column) => column?.times.at(-1) ?? -Infinity));
    const stale = state === 'stale' && now - newest > freshMs;
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
              : firing === undefined
                ? html`<span class="state up">${icons.ok}${text.up}</span>`
                : html`<span class="state ${firing}">${icons[firing]}${severity[firing]}</span>`
          }
        </span>
        ${
          stale
            ? html`<span class="seen quiet"
                >${text.lastSeen(Number.isFinite(newest) ? formatAge(newest, now, this.#locale) : text.never)}</span
              >`
            : vitals.map(({ id }, i) => {
                const column = columns[i];
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
