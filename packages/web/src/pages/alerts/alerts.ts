import { html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { PageElement } from '../../app/pages.ts';
import { routeHash } from '../../app/route.ts';
import type { Route } from '../../app/route.ts';
import { appWords } from '../../app/words/words.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { define } from '../../define.ts';
import { alertWords } from '../../i18n/alerts/words.ts';
import { policyWords } from '../../i18n/policies/words.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { pageStyles } from '../page.styles.ts';
import { styles } from './alerts.styles.ts';
import { AlertChannels } from './channels.ts';
import { AlertInhibitions } from './inhibitions.ts';
import { AlertNoise } from './noise.ts';
import { AlertOnCall } from './on-call.ts';
import { AlertRoutes } from './routes.ts';
import { AlertSilences } from './silences.ts';

/** Names of the parts in the address; an incident's id is none of them. */
const tabs = ['incidents', 'silences', 'inhibitions', 'on-call', 'routes', 'channels'] as const;
type Tab = (typeof tabs)[number];

/** What do I do now? What fires, one incident as a whole, and who is told of what. */
export class AlertsPage extends LitElement implements PageElement {
  static override styles = [tokens, base, pageStyles, styles];

  @property({ attribute: false }) route: Route | undefined;

  readonly #locale = new LocaleController(this, appWords);
  readonly #words = new LocaleController(this, alertWords);
  readonly #policies = new LocaleController(this, policyWords);

  override connectedCallback(): void {
    define([
      ['tarsier-alert-noise', AlertNoise],
      ['tarsier-alert-silences', AlertSilences],
      ['tarsier-alert-inhibitions', AlertInhibitions],
      ['tarsier-alert-on-call', AlertOnCall],
      ['tarsier-alert-routes', AlertRoutes],
      ['tarsier-alert-channels', AlertChannels],
    ]);
    super.connectedCallback();
  }

  override render(): TemplateResult {
    const [first = 'incidents'] = this.route?.path ?? [];
    const tab = tabs.find((name) => name === first);
    const { words } = this.#words;
    if (tab === undefined) {
      const { range = '' } = this.route?.parameters ?? {};
      return html`<p class="crumbs"><a href=${routeHash({ page: 'alerts' })}>${words.incident.back}</a></p>
        <h1 class="visually-hidden">${this.#locale.words.pages.alerts}</h1>
        <tarsier-incident incident=${first} .range=${range.includes('/') ? range : ''}></tarsier-incident>`;
    }
    return html`<h1>${this.#locale.words.pages.alerts}</h1>
      <nav class="tabs" aria-label=${words.page.tabs}>${tabs.map((name) => this.#link(name, tab))}</nav>
      ${this.#tab(tab)}`;
  }

  #link(name: Tab, current: Tab): TemplateResult {
    const { page } = this.#words.words;
    const names = {
      incidents: page.incidents,
      silences: page.silences,
      inhibitions: this.#policies.words.inhibition.tab,
      'on-call': page.onCall,
      routes: this.#policies.words.route.tab,
      channels: page.channels,
    };
    const path = name === 'incidents' ? [] : [name];
    return html`<a href=${routeHash({ page: 'alerts', path })} aria-current=${name === current ? 'page' : nothing}
      >${names[name]}</a
    >`;
  }

  #tab(tab: Tab): TemplateResult {
    switch (tab) {
      case 'incidents':
        return html`<tarsier-alert-noise></tarsier-alert-noise>
          <tarsier-alert-list filters resolved="50" href="#/alerts/{incident}"></tarsier-alert-list>`;
      case 'silences':
        return html`<tarsier-alert-silences></tarsier-alert-silences>`;
      case 'inhibitions':
        return html`<tarsier-alert-inhibitions></tarsier-alert-inhibitions>`;
      case 'on-call':
        return html`<tarsier-alert-on-call></tarsier-alert-on-call>`;
      case 'routes':
        return html`<tarsier-alert-routes></tarsier-alert-routes>`;
      case 'channels':
        return html`<tarsier-alert-channels></tarsier-alert-channels>`;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-alerts-page': AlertsPage;
  }
}
