import { html, LitElement } from 'lit';
import type { TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { PageElement } from '../../app/pages.ts';
import type { Route } from '../../app/route.ts';
import { appWords } from '../../app/words/words.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { models } from '../../define-models.ts';
import { define } from '../../define.ts';
import { modelWords } from '../../i18n/models/words.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { pageStyles } from '../page.styles.ts';
import { JobSpending } from './job-spending.ts';

/** What does it cost, and what could be saved? */
export class CostPage extends LitElement implements PageElement {
  static override styles = [tokens, base, pageStyles];

  @property({ attribute: false }) route: Route | undefined;

  readonly #locale = new LocaleController(this, appWords);
  readonly #words = new LocaleController(this, modelWords);

  override connectedCallback(): void {
    define([...models, ['tarsier-job-spending', JobSpending]]);
    super.connectedCallback();
  }

  override render(): TemplateResult {
    return html`<h1>${this.#locale.words.pages.cost}</h1>
      <h2 class="visually-hidden">${this.#words.words.numbers}</h2>
      <tarsier-cost></tarsier-cost>
      <tarsier-budget></tarsier-budget>
      <tarsier-job-spending></tarsier-job-spending>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-cost-page': CostPage;
  }
}
