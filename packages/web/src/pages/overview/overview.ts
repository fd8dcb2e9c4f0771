import { css, html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { PageElement } from '../../app/pages.ts';
import type { Route } from '../../app/route.ts';
import { appWords } from '../../app/words/words.ts';
import { FollowController } from '../../controllers/follow.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { define } from '../../define.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { AlertNoise } from '../alerts/noise.ts';
import { pageStyles } from '../page.styles.ts';
import { headline } from './headline.ts';

const fleetCharts = [
  { id: 'cpu', selector: 'cpu_busy_ratio{cpu="all"}', rate: false, by: 'host' },
  { id: 'memory', selector: 'memory_used_ratio', rate: false, by: 'host' },
  { id: 'load', selector: 'load_average{window="1m"}', rate: false, by: 'host' },
  { id: 'network', selector: 'network_received_bytes_total', rate: true, by: 'host,interface' },
] as const;

/** On a phone the hosts come after them. */
const mostIncidents = 5;

/** Is anything wrong? All hosts, what fires, and how they did. */
export class OverviewPage extends LitElement implements PageElement {
  static override styles = [
    tokens,
    base,
    pageStyles,
    css`
      tarsier-alert-noise {
        display: block;
        margin-top: 12px;
      }
      /* Beside all the rest, however long it is; on a phone before all of it. */
      @media (min-width: 1180px) {
        .fleet {
          grid-template-rows: auto auto 1fr;
        }
        .fleet > * {
          grid-column: 1;
        }
        .alerts {
          align-content: start;
        }
        .fleet > .alerts {
          grid-column: 2;
          grid-row: 1 / span 3;
        }
      }
    `,
  ];

  @property({ attribute: false }) route: Route | undefined;

  readonly #follow = new FollowController(this, ({ hosts, alerts }) => [hosts, alerts]);
  readonly #locale = new LocaleController(this, appWords);

  override connectedCallback(): void {
    define([['tarsier-alert-noise', AlertNoise]]);
    super.connectedCallback();
  }

  override render(): TemplateResult {
    const { words } = this.#locale;
    const source = this.#follow.source;
    const hosts = source?.hosts.value ?? { kind: 'loading' };
    const alerts = source?.alerts.value ?? { kind: 'loading' };
    const some = hosts.kind === 'ready' && hosts.value.length > 0;
    // Already while hosts are awaited: on a phone they would be pushed down when it comes.
    const alertsShown = some || hosts.kind === 'loading';
    return html`<h1>${headline(hosts, alerts, words.fleet)}</h1>
      <div class=${alertsShown ? 'with-side fleet' : ''}>
        ${
          alertsShown
            ? html`<section class="alerts" aria-labelledby="alerts">
                <h2 id="alerts">${words.pages.alerts}</h2>
                <tarsier-alert-list most=${mostIncidents}></tarsier-alert-list>
                <tarsier-alert-noise></tarsier-alert-noise>
              </section>`
            : nothing
        }
        <tarsier-host-grid><tarsier-onboarding slot="empty"></tarsier-onboarding></tarsier-host-grid>
        ${
          some
            ? html`<section aria-labelledby="unusual">
                  <h2 id="unusual">${words.pages.anomalies}</h2>
                  <tarsier-anomaly-timeline></tarsier-anomaly-timeline>
                </section>
                <section aria-labelledby="charts">
                  <h2 id="charts">${words.fleet.charts}</h2>
                  <div class="charts">
                    ${fleetCharts.map(
                      ({ id, selector, rate, by }) =>
                        html`<tarsier-chart
                          label=${words.fleet.byHost[id]}
                          selector=${selector}
                          ?rate=${rate}
                          by=${by}
                        ></tarsier-chart>`,
                    )}
                  </div>
                </section>`
            : nothing
        }
      </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-overview-page': OverviewPage;
  }
}
