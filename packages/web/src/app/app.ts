import { html, LitElement, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { formatMoment } from '../chart/age.ts';
import { LocaleController } from '../controllers/locale.ts';
import type { Connection, DataSource } from '../data/source.ts';
import type { Store } from '../data/store.ts';
import { define } from '../define.ts';
import { appIcons } from '../styles/app-icons.ts';
import { base, tokens } from '../styles/tokens.ts';
import { styles } from './app.styles.ts';
import { eyes } from './brand.ts';
import { keyTarget } from './keys.ts';
import { pageOf, pages } from './pages.ts';
import type { Page, PageElement } from './pages.ts';
import type { CommandPalette } from './palette/command-palette.ts';
import type { Preferences } from './preferences.ts';
import { hostHash, incidentHash, parseRoute, routeHash } from './route.ts';
import type { Route } from './route.ts';
import { appWords } from './words/words.ts';

/** Of an invitation: its token follows. */
const joinPage = 'join';
/** What addresses leave out. */
const defaultRange = '15m';
/** On a phone the bar at the bottom has room for so many; the palette has them all. */
const barPages = 4;
const chordMs = 1500;

type Shown =
  | { readonly kind: 'loading' | 'failed' | 'unknown' }
  | { readonly kind: 'page'; readonly name: string; readonly element: PageElement };

/** The dashboard that the collector serves: navigation, connection, time range, and the page below. */
export class TarsierApp extends LitElement {
  static override styles = [tokens, base, styles];

  /** Data from elsewhere, in the place of the collector that served the page. */
  @property({ attribute: false }) source: DataSource | undefined;

  /** The viewer's choices. */
  @property({ attribute: false }) preferences: Store<Preferences> | undefined;

  @state() private connection: Connection = { kind: 'connecting', since: 0 };
  @state() private route: Route = parseRoute('');
  @state() private shown: Shown = { kind: 'loading' };
  @state() private keysShown = false;

  readonly #locale = new LocaleController(this, appWords);
  /** When `g` was pressed, which waits for a page's key. */
  #chordSince = -Infinity;
  #unfollow: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#unfollow = this.preferences?.subscribe(() => this.#applyTheme());
    this.#applyTheme();
    this.#routed();
    globalThis.addEventListener('hashchange', this.#routed);
    document.addEventListener('keydown', this.#key);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unfollow?.();
    globalThis.removeEventListener('hashchange', this.#routed);
    document.removeEventListener('keydown', this.#key);
  }

  /** Its own colours are of its own, above the provider that hands the theme to the elements. */
  #applyTheme(): void {
    if (this.preferences?.value.theme === 'contrast') this.setAttribute('theme', 'contrast');
    else this.removeAttribute('theme');
    this.requestUpdate();
  }

  readonly #routed = (): void => {
    const before = this.route;
    this.route = parseRoute(location.hash);
    // The time range stays while one walks from page to page.
    const { range } = before.parameters;
    if (range !== undefined && this.route.parameters['range'] === undefined && before.page !== this.route.page) {
      this.#replace({ ...this.route, parameters: { ...this.route.parameters, range } });
    }
    void this.#show();
  };

  /** Another address for the same view: nothing to go back to. */
  #replace(route: Route): void {
    this.route = route;
    history.replaceState(null, '', routeHash(route));
  }

  async #show(): Promise<void> {
    const page = pageOf(this.route);
    if (page === undefined) {
      this.shown = { kind: 'unknown' };
      return;
    }
    const { shown } = this;
    if (shown.kind === 'page' && shown.name === page.name) {
      shown.element.route = this.route;
      return;
    }
    this.shown = { kind: 'loading' };
    try {
      define([[page.tag, await page.load()]]);
    } catch {
      // The network, or a newer build whose old files are gone; a reload heals both.
      if (pageOf(this.route) === page) this.shown = { kind: 'failed' };
      return;
    }
    // Somebody walked on while it was loading.
    if (pageOf(this.route) !== page) return;
    // Each page's element has `route`: `Page.tag` says which it is.
    const element = document.createElement(page.tag) as PageElement;
    element.route = this.route;
    element.preferences = this.preferences;
    this.shown = { kind: 'page', name: page.name, element };
  }

  protected override updated(changed: PropertyValues): void {
    document.title = [this.#title(), 'Tarsier'].filter(Boolean).join(' · ');
    if (!changed.has('shown') || this.shown.kind !== 'page') return;
    if (this.#walked) this.renderRoot.querySelector('main')?.focus({ preventScroll: true });
    this.#walked = true;
  }

  /** Whether somebody went to another page: a screen reader is then told by the focus. */
  #walked = false;

  #title(): string | undefined {
    const page = pageOf(this.route);
    if (page === undefined) return undefined;
    return [...this.route.path, this.#locale.words.pages[page.name]].join(' · ');
  }

  readonly #key = (event: KeyboardEvent): void => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      return void this.#openPalette();
    }
    const key = keyTarget(event);
    if (key === undefined) return;
    if (event.timeStamp - this.#chordSince < chordMs) {
      this.#chordSince = -Infinity;
      const page = pages.find((one) => one.key === key);
      if (page !== undefined) this.#goTo(page);
    } else if (key === 'g') {
      this.#chordSince = event.timeStamp;
    } else if (key === '/') {
      event.preventDefault();
      void this.#openPalette();
    } else if (key === '?') {
      this.keysShown = true;
    }
  };

  #goTo(page: Page): void {
    location.hash = routeHash({ page: page === pages[0] ? '' : page.name });
  }

  async #openPalette(): Promise<void> {
    const { CommandPalette } = await import('./palette/command-palette.ts');
    define([['tarsier-command-palette', CommandPalette]]);
    const palette = this.renderRoot.querySelector<CommandPalette>('tarsier-command-palette');
    await palette?.updateComplete;
    palette?.open();
  }

  #drill({ detail }: CustomEvent<{ host?: string; query?: string; incident?: string }>): void {
    const { host, query, incident } = detail;
    if (incident !== undefined) location.hash = incidentHash(incident);
    else if (query !== undefined) location.hash = routeHash({ page: 'explore', parameters: { query } });
    else if (host !== undefined) location.hash = hostHash(host);
  }

  /** A threshold that was dragged in a chart becomes a rule, once it was tried. */
  #propose({ detail: { expr, value } }: CustomEvent<{ expr: string; value: number }>): void {
    location.hash = routeHash({ page: 'rules', parameters: { expr, value: String(Number(value.toPrecision(3))) } });
  }

  #ranged(event: CustomEvent<{ range: string }>): void {
    const { range } = event.detail;
    this.#replace({
      ...this.route,
      parameters: { ...this.route.parameters, range: range === defaultRange ? '' : range },
    });
  }

  #retry(): void {
    this.renderRoot.querySelector('tarsier-provider')?.retry();
  }

  #skip(): void {
    this.renderRoot.querySelector('main')?.focus();
  }

  override render(): TemplateResult {
    const { words } = this.#locale;
    const { theme = 'system', timeZone = '' } = this.preferences?.value ?? {};
    return html`<tarsier-provider
      .source=${this.source}
      theme=${theme === 'system' ? '' : theme}
      time-zone=${timeZone}
      range=${this.route.parameters['range'] ?? defaultRange}
      @tarsier-connection=${(event: CustomEvent<Connection>) => (this.connection = event.detail)}
      @tarsier-range-change=${this.#ranged}
      @tarsier-drill=${this.#drill}
      @tarsier-threshold=${this.#propose}
    >
      <div class="shell">
        <button class="skip" type="button" @click=${this.#skip}>${words.skip}</button>
        <header>
          <a class="brand" href="#/">${eyes}<span>Tarsier</span></a>
          <button class="button search" type="button" aria-keyshortcuts="Control+K" @click=${this.#openPalette}>
            ${appIcons.search}<span>${words.search}</span><kbd>Ctrl K</kbd>
          </button>
          <tarsier-time-range></tarsier-time-range>
          <tarsier-connection></tarsier-connection>
        </header>
        <nav aria-label=${words.navigation}>
          ${pages.map((page, i) => this.#link(page, i))}
          <button class="more" type="button" @click=${this.#openPalette}>
            ${appIcons.more}<span>${words.more}</span>
          </button>
        </nav>
        <main id="main" tabindex="-1">
          ${
            this.connection.kind === 'signed-out' || this.route.page === joinPage
              ? this.#signIn()
              : [this.#banner(), this.#page()]
          }
        </main>
      </div>
      <tarsier-command-palette
        .preferences=${this.preferences}
        @tarsier-keys=${() => (this.keysShown = true)}
      ></tarsier-command-palette>
      ${this.keysShown ? this.#keys() : nothing}
    </tarsier-provider>`;
  }

  #link(page: Page, index: number): TemplateResult {
    const { name, icon, key } = page;
    const current = pageOf(this.route) === page;
    return html`<a
      class=${index < barPages ? 'first' : ''}
      href=${routeHash({ page: index === 0 ? '' : name })}
      aria-current=${current ? 'page' : nothing}
      aria-keyshortcuts="g ${key}"
      >${appIcons[icon]}<span>${this.#locale.words.pages[name]}</span></a
    >`;
  }

  #page(): TemplateResult | HTMLElement {
    const { words } = this.#locale;
    switch (this.shown.kind) {
      case 'page':
        return this.shown.element;
      case 'loading':
        return html`<p class="quiet" aria-busy="true"></p>`;
      case 'failed':
        return html`<section class="card message">
          <p>${words.pageFailed}</p>
          <button class="button" type="button" @click=${() => location.reload()}>${words.offline.now}</button>
        </section>`;
      case 'unknown':
        return html`<section class="card message">
          <h1>${words.noSuchPage}</h1>
          <a href="#/">${words.toOverview}</a>
        </section>`;
    }
  }

  #banner(): TemplateResult | typeof nothing {
    const { connection } = this;
    const { offline } = this.#locale.words;
    if (connection.kind !== 'offline' || connection.attempt <= 1) return nothing;
    return html`<div class="card banner">
      ${appIcons.offline}
      <span>
        <strong>${offline.title(formatMoment(connection.since, Date.now(), this.#locale))}</strong> ${offline.text}
      </span>
      <button class="button" type="button" @click=${this.#retry}>${offline.now}</button>
    </div>`;
  }

  /** Also for who has an invitation, whoever is signed in. */
  #signIn(): TemplateResult {
    const { page, path, parameters } = this.route;
    void this.#loadSignIn();
    return html`<tarsier-sign-in
      .invitation=${page === joinPage ? (path[0] ?? '') : ''}
      .problem=${parameters['problem'] ?? ''}
      @tarsier-signed-in=${this.#signedIn}
    ></tarsier-sign-in>`;
  }

  async #loadSignIn(): Promise<void> {
    const { SignIn } = await import('./sign-in/sign-in.ts');
    define([['tarsier-sign-in', SignIn]]);
  }

  /** Everything anew, as who one is now; the token of an invitation does not stay in the address. */
  readonly #signedIn = (): void => {
    if (this.route.page === joinPage || 'problem' in this.route.parameters) history.replaceState(null, '', '#/');
    location.reload();
  };

  #keys(): TemplateResult {
    const { keys, pages: names, palette } = this.#locale.words;
    const close = (): void => {
      this.keysShown = false;
    };
    return html`<tarsier-key-help
      .heading=${keys.title}
      .closeWord=${keys.close}
      .keys=${[
        ['Ctrl K /', palette.label],
        ['?', keys.help],
        ...pages.map(({ name, key }) => [`g ${key}`, keys.goTo(names[name])]),
      ]}
      @close=${close}
    ></tarsier-key-help>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-app': TarsierApp;
  }
}
