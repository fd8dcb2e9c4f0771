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
import { JobDetails } from './job-details.ts';
import { JobForm } from './job-form.ts';

/** Who waits, who pays? All jobs, or the one that the address names. */
export class JobsPage extends LitElement implements PageElement {
  static override styles = [tokens, base, pageStyles];

  @property({ attribute: false }) route: Route | undefined;

  readonly #locale = new LocaleController(this, appWords);
  readonly #words = new LocaleController(this, modelWords);

  override connectedCallback(): void {
    define([...models, ['tarsier-job-details', JobDetails], ['tarsier-job-form', JobForm]]);
    super.connectedCallback();
  }

  override render(): TemplateResult {
    const [job] = this.route?.path ?? [];
    const { page } = this.#words.words;
    if (job !== undefined) {
      return html`<p class="crumbs"><a href=${routeHash({ page: 'jobs' })}>${page.back}</a></p>
        <tarsier-job-details .job=${job}></tarsier-job-details>`;
    }
    return html`<h1>${this.#locale.words.pages.jobs}</h1>
      <tarsier-jobs href="#/jobs/{job}" limit="50"></tarsier-jobs>
      <tarsier-job-form
        @tarsier-submitted=${() => this.renderRoot.querySelector('tarsier-jobs')?.refresh()}
      ></tarsier-job-form>
      <h2 class="visually-hidden">${page.queue}</h2>
      <tarsier-job-queue></tarsier-job-queue>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-jobs-page': JobsPage;
  }
}
