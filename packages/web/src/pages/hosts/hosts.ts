import { css, html, LitElement } from 'lit';
import type { TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { PageElement } from '../../app/pages.ts';
import type { Route } from '../../app/route.ts';
import { appWords } from '../../app/words/words.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { define } from '../../define.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { pageStyles } from '../page.styles.ts';
import { HostLedger } from './ledger.ts';

/** All hosts, or the one that the address names. */
export class HostsPage extends LitElement implements PageElement {
  static override styles = [
    tokens,
    base,
    pageStyles,
    css`
      /* Beside the host; on a phone before it: what fires is why somebody looks at night. */
      @media (min-width: 1180px) {
        .with-side > tarsier-host {
          grid-area: 1 / 1;
        }
        .with-side > .alerts {
          grid-area: 1 / 2;
        }
      }
    `,
  ];

  @property({ attribute: false }) route: Route | undefined;

  readonly #locale = new LocaleController(this, appWords);

  override connectedCallback(): void {
    define([['tarsier-host-ledger', HostLedger]]);
    super.connectedCallback();
  }

  override render(): TemplateResult {
    const [host] = this.route?.path ?? [];
    return host === undefined ? this.#all() : this.#one(host);
  }

  #all(): TemplateResult {
    const { words } = this.#locale;
    return html`<h1>${words.pages.hosts}</h1>
      <tarsier-host-grid><tarsier-onboarding slot="empty"></tarsier-onboarding></tarsier-host-grid>
      <details class="card add">
        <summary>${words.hostsPage.another}</summary>
        <tarsier-onboarding></tarsier-onboarding>
      </details>`;
  }

  #one(host: string): TemplateResult {
    const { words } = this.#locale;
    return html`<nav class="crumbs" aria-label=${words.hostsPage.path}>
        <a href="#/hosts">${words.hostsPage.all}</a>
      </nav>
      <h1 class="visually-hidden">${host}</h1>
      <div class="with-side">
        <section class="alerts" aria-labelledby="alerts">
          <h2 id="alerts">${words.pages.alerts}</h2>
          <tarsier-alert-list host=${host}></tarsier-alert-list>
        </section>
        <tarsier-host host=${host}></tarsier-host>
      </div>
      <tarsier-host-ledger host=${host}></tarsier-host-ledger>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-hosts-page': HostsPage;
  }
}
