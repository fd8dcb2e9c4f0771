import { html, LitElement } from 'lit';
import type { TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { PageElement } from '../../app/pages.ts';
import { routeHash } from '../../app/route.ts';
import type { Route } from '../../app/route.ts';
import { appWords } from '../../app/words/words.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { rangeText } from '../../data/time-range.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { pageStyles } from '../page.styles.ts';

/** What was unusual: events of all hosts, and how much of each host is unusual. */
export class AnomaliesPage extends LitElement implements PageElement {
  static override styles = [tokens, base, pageStyles];

  @property({ attribute: false }) route: Route | undefined;

  readonly #locale = new LocaleController(this, appWords);

  /** A series of an event is looked at around the event. */
  #drill(event: CustomEvent<{ query?: string; from?: number; to?: number }>): void {
    const { query, from, to } = event.detail;
    if (query === undefined || from === undefined || to === undefined) return;
    event.stopPropagation();
    const around = Math.max(120_000, to - from);
    const range = rangeText({ kind: 'fixed', from: from - around, to: Math.min(Date.now(), to + around) });
    location.hash = routeHash({ page: 'explore', parameters: { query, range } });
  }

  override render(): TemplateResult {
    const { words } = this.#locale;
    return html`<h1>${words.pages.anomalies}</h1>
      <tarsier-anomaly-timeline @tarsier-drill=${this.#drill}></tarsier-anomaly-timeline>
      <h2 class="visually-hidden">${words.fleet.title}</h2>
      <tarsier-heatmap label=${words.anomaliesPage.rate} query="host_anomaly_ratio" unit="ratio" min="0">
        <span slot="empty">${words.anomaliesPage.learning}</span>
      </tarsier-heatmap>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-anomalies-page': AnomaliesPage;
  }
}
