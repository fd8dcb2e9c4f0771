import { html, LitElement } from 'lit';
import type { TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { PageElement } from '../../app/pages.ts';
import { routeHash } from '../../app/route.ts';
import type { Route } from '../../app/route.ts';
import { appWords } from '../../app/words/words.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { models } from '../../define-models.ts';
import { define } from '../../define.ts';
import { modelWords } from '../../i18n/models/words.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { pageStyles } from '../page.styles.ts';
import { KeptModels } from './kept-models.ts';

/** Do they learn, do they help? */
export class ModelsPage extends LitElement implements PageElement {
  static override styles = [tokens, base, pageStyles];

  @property({ attribute: false }) route: Route | undefined;

  readonly #locale = new LocaleController(this, appWords);
  readonly #words = new LocaleController(this, modelWords);

  override connectedCallback(): void {
    define([...models, ['tarsier-kept-models', KeptModels]]);
    super.connectedCallback();
  }

  #drill(event: CustomEvent<{ query?: string }>): void {
    const { query } = event.detail;
    if (query !== undefined && query !== '') location.hash = routeHash({ page: 'explore', parameters: { query } });
  }

  override render(): TemplateResult {
    const { page, numbers } = this.#words.words;
    return html`<h1>${this.#locale.words.pages.models}</h1>
      <p class="quiet">${page.intro}</p>
      <h2 class="visually-hidden">${numbers}</h2>
      <tarsier-optimisation-score></tarsier-optimisation-score>
      <tarsier-performance @tarsier-drill=${this.#drill}></tarsier-performance>
      <tarsier-training></tarsier-training>
      <tarsier-training kind="detector.train"></tarsier-training>
      <tarsier-convergence></tarsier-convergence>
      <tarsier-model-matrix></tarsier-model-matrix>
      <tarsier-kept-models></tarsier-kept-models>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-models-page': ModelsPage;
  }
}
