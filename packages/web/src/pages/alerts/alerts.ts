import { html, LitElement } from 'lit';
import type { TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { PageElement } from '../../app/pages.ts';
import type { Route } from '../../app/route.ts';
import { appWords } from '../../app/words/words.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { pageStyles } from '../page.styles.ts';

/** What fires, the worst first, and what did lately. */
export class AlertsPage extends LitElement implements PageElement {
  static override styles = [tokens, base, pageStyles];

  @property({ attribute: false }) route: Route | undefined;

  readonly #locale = new LocaleController(this, appWords);

  override render(): TemplateResult {
    return html`<h1>${this.#locale.words.pages.alerts}</h1>
      <tarsier-alert-list resolved="50"></tarsier-alert-list>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-alerts-page': AlertsPage;
  }
}
