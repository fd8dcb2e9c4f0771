import { html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { formatMoment } from '../chart/age.ts';
import type { Connection, DataSource } from '../data/source.ts';
import { icons } from '../styles/icons.ts';
import { base, tokens } from '../styles/tokens.ts';
import { styles } from './app.styles.ts';
import { parseRoute, routeHash } from './route.ts';
import { applyTheme, storedTheme, storeTheme, themes } from './theme.ts';
import type { Theme } from './theme.ts';

const themeWords = { system: 'System', light: 'Light', dark: 'Dark' } as const;

/** The dashboard that the collector serves: header, connection, theme, and the page below. */
export class TarsierApp extends LitElement {
  static override styles = [tokens, base, styles];

  /** Data from elsewhere, in the place of the collector that served the page. */
  @property({ attribute: false }) source: DataSource | undefined;

  @state() private connection: Connection = { kind: 'connecting', since: 0 };
  @state() private theme: Theme = storedTheme();
  @state() private host: string | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#routed();
    globalThis.addEventListener('hashchange', this.#routed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    globalThis.removeEventListener('hashchange', this.#routed);
  }

  readonly #routed = (): void => {
    this.host = parseRoute(location.hash).host;
  };

  #nextTheme(): void {
    this.theme = themes[(themes.indexOf(this.theme) + 1) % themes.length] ?? 'system';
    storeTheme(this.theme);
    applyTheme(document.documentElement, this.theme);
  }

  #drill(event: CustomEvent<{ host: string }>): void {
    location.hash = routeHash(event.detail);
  }

  #retry(): void {
    this.renderRoot.querySelector('tarsier-provider')?.retry();
  }

  override render(): TemplateResult {
    return html`<tarsier-provider
      .source=${this.source}
      @tarsier-connection=${(event: CustomEvent<Connection>) => (this.connection = event.detail)}
    >
      <header>
        <button class="skip" type="button" @click=${this.#skip}>Skip to the hosts</button>
        <a class="brand" href="#/">${eyes}<span>Tarsier</span></a>
        <tarsier-connection></tarsier-connection>
        <button
          class="button theme"
          type="button"
          aria-label="Theme: ${themeWords[this.theme]}"
          @click=${this.#nextTheme}
        >
          ${icons[this.theme]}<span>${themeWords[this.theme]}</span>
        </button>
      </header>
      <main id="main" tabindex="-1">${this.connection.kind === 'signed-out' ? this.#signedOut() : this.#page()}</main>
    </tarsier-provider>`;
  }

  #skip(): void {
    this.renderRoot.querySelector('main')?.focus();
  }

  #page(): TemplateResult {
    const { connection } = this;
    return html`${
        connection.kind === 'offline' && connection.attempt > 1
          ? html`<div class="card banner">
              ${icons.offline}
              <span>
                <strong>The collector cannot be reached since ${formatMoment(connection.since, Date.now())}.</strong>
                What you see is from before; it goes on by itself when the collector is back.
              </span>
              <button class="button" type="button" @click=${this.#retry}>Try now</button>
            </div>`
          : nothing
      }<tarsier-hosts-page .host=${this.host} @tarsier-drill=${this.#drill}></tarsier-hosts-page>`;
  }

  #signedOut(): TemplateResult {
    return html`<section class="card signed-out">
      ${icons.signedOut}
      <h1>You are signed out</h1>
      <p>
        Open the link that <code>pnpm start</code> printed in its terminal. It signs this browser in; each link works
        once, and starting again prints a new one.
      </p>
      <p><button class="button" type="button" @click=${this.#retry}>I have signed in</button></p>
    </section>`;
  }
}

/** A tarsier is mostly eyes. */
const eyes = html`<svg viewBox="0 0 30 22" aria-hidden="true" focusable="false">
  <path
    d="M3 6.5L1.6 1.4l5.6 2.4M27 6.5l1.4-5.1-5.6 2.4"
    fill="none"
    stroke="currentColor"
    stroke-width="2"
    stroke-linejoin="round"
    stroke-linecap="round"
  />
  <circle cx="8.6" cy="12" r="7.2" fill="none" stroke="currentColor" stroke-width="2.2" />
  <circle cx="21.4" cy="12" r="7.2" fill="none" stroke="currentColor" stroke-width="2.2" />
  <circle cx="9.6" cy="12" r="3.2" fill="currentColor" />
  <circle cx="20.4" cy="12" r="3.2" fill="currentColor" />
</svg>`;

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-app': TarsierApp;
  }
}
