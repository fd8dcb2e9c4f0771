import { html, LitElement } from 'lit';
import type { TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import type { PageElement } from '../../app/pages.ts';
import { routeHash } from '../../app/route.ts';
import type { Route } from '../../app/route.ts';
import { appWords } from '../../app/words/words.ts';
import { asking } from '../../controllers/asked.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { enteredIn } from '../../data/entered.ts';
import { RequestError } from '../../data/rest.ts';
import { define } from '../../define.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { pageStyles } from '../page.styles.ts';
import { DashboardView } from './dashboard-view.ts';
import { styles } from './dashboards.styles.ts';

const pollMs = 30_000;

/** All dashboards, or the one of the address. */
export class DashboardsPage extends LitElement implements PageElement {
  static override styles = [tokens, base, pageStyles, styles];

  @property({ attribute: false }) route: Route | undefined;

  @state() private said = '';

  readonly #locale = new LocaleController(this, appWords);
  readonly #all = asking(
    this,
    // Not while one of them is shown.
    () => (this.route?.path[0] === undefined ? '/v1/dashboards?limit=1000' : undefined),
    () => pollMs,
  );

  override connectedCallback(): void {
    define([['tarsier-dashboard-view', DashboardView]]);
    super.connectedCallback();
  }

  async #make(path: '/v1/dashboards' | '/v1/dashboards/import', body: unknown): Promise<void> {
    const source = this.#all.source;
    if (source === undefined) return;
    try {
      const { id } = await source.api.send('POST', path, body);
      this.said = '';
      this.#all.refresh();
      location.hash = routeHash({ page: 'dashboards', path: [id] });
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.said = this.#locale.words.dashboards.refused(error.message);
    }
  }

  async #import(file: File | undefined): Promise<void> {
    if (file === undefined) return;
    let body: unknown;
    try {
      body = JSON.parse(await file.text());
    } catch {
      this.said = this.#locale.words.dashboards.noFile;
      return;
    }
    await this.#make('/v1/dashboards/import', body);
  }

  override render(): TemplateResult {
    const { words } = this.#locale;
    const { dashboards: text } = words;
    const [id] = this.route?.path ?? [];
    if (id !== undefined) {
      return html`<p class="crumbs"><a href=${routeHash({ page: 'dashboards' })}>${words.pages.dashboards}</a></p>
        <tarsier-dashboard-view .dashboard=${id}></tarsier-dashboard-view>`;
    }
    return html`<h1>${words.pages.dashboards}</h1>
      ${this.#list()}
      <p role="status" ?hidden=${this.said === ''}>${this.said}</p>
      <form
        class="card"
        @submit=${(event: SubmitEvent) => {
          event.preventDefault();
          void this.#make('/v1/dashboards', enteredIn(event.target as HTMLFormElement));
        }}
      >
        <label>${text.name}<input class="field" name="name" maxlength="200" required /></label>
        <button class="button" type="submit">${text.make}</button>
        <label
          >${text.import}
          <input
            class="field"
            type="file"
            accept="application/json,.json"
            @change=${(event: Event) => void this.#import((event.target as HTMLInputElement).files?.[0])}
          />
        </label>
      </form>`;
  }

  #list(): TemplateResult {
    const { dashboards: text } = this.#locale.words;
    const { state: is } = this.#all;
    if (is.kind === 'loading') return html`<p class="quiet" aria-busy="true">${text.loading}</p>`;
    if (is.kind === 'failed') return html`<p class="note">${text.refused(is.error.message)}</p>`;
    if (is.value.dashboards.length === 0) return html`<p class="quiet">${text.none}</p>`;
    return html`<ul class="card list">
      ${is.value.dashboards.map(
        ({ id, name, description, panels }) =>
          html`<li>
            <a href=${routeHash({ page: 'dashboards', path: [id] })}>${name}</a>
            <span class="quiet">${text.panels(panels.length)}</span>
            <span class="quiet">${description}</span>
          </li>`,
      )}
    </ul>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-dashboards-page': DashboardsPage;
  }
}
