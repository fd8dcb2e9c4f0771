import { html, LitElement } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import type { PageElement } from '../../app/pages.ts';
import { routeHash } from '../../app/route.ts';
import type { Route } from '../../app/route.ts';
import { appWords } from '../../app/words/words.ts';
import { chartKinds } from '../../chart/chart-view.ts';
import type { ChartKind } from '../../chart/chart-view.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { define } from '../../define.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { pageStyles } from '../page.styles.ts';
import { styles } from './explore.styles.ts';

/** To begin with, for who has never written PromQL. */
const examples = [
  'cpu_busy_ratio{cpu="all"}',
  'sum by (host) (rate(network_received_bytes_total[1m]))',
  'topk(5, avg by (host) (memory_used_ratio))',
  'predict_linear(disk_used_ratio[6h], 86400)',
  'host_anomaly_ratio',
] as const;

/** Any PromQL as a chart, with everything about it in the address. */
export class ExplorePage extends LitElement implements PageElement {
  static override styles = [tokens, base, pageStyles, styles];

  @property({ attribute: false }) route: Route | undefined;

  @state() private editorFailed = false;

  readonly #locale = new LocaleController(this, appWords);

  protected override firstUpdated(_: PropertyValues): void {
    void this.#loadEditor();
  }

  /** The editor is larger than everything else: it comes after the first chart. */
  async #loadEditor(): Promise<void> {
    try {
      const { QueryEditor } = await import('./query-editor.ts');
      define([['tarsier-query-editor', QueryEditor]]);
    } catch {
      this.editorFailed = true;
    }
  }

  #go(parameters: Readonly<Record<string, string>>): void {
    const before = this.route?.parameters ?? {};
    location.hash = routeHash({ page: 'explore', parameters: { ...before, ...parameters } });
  }

  override render(): TemplateResult {
    const { words } = this.#locale;
    const { query = '', kind = 'line', stacked = '', forecast = '', log = '' } = this.route?.parameters ?? {};
    return html`<h1>${words.pages.explore}</h1>
      <form
        class="ask"
        @submit=${this.#submit}
        @tarsier-run=${(event: CustomEvent<{ query: string }>) => this.#go(event.detail)}
      >
        ${
          this.editorFailed
            ? html`<textarea class="field" rows="2" aria-label=${words.explore.query} .value=${query}></textarea>`
            : html`<tarsier-query-editor .value=${query} .label=${words.explore.query}></tarsier-query-editor>`
        }
        <button class="button primary" type="submit">${words.explore.run}</button>
      </form>
      ${query === '' ? this.#examples() : this.#chart(query, { kind, stacked, forecast, log })}`;
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    const editor = this.renderRoot.querySelector('tarsier-query-editor');
    const text = editor?.text ?? this.renderRoot.querySelector('textarea')?.value ?? '';
    this.#go({ query: text.trim() });
  }

  #examples(): TemplateResult {
    const { explore } = this.#locale.words;
    return html`<section class="card examples" aria-labelledby="examples">
      <h2 id="examples">${explore.examples}</h2>
      <ul>
        ${examples.map(
          (query) =>
            html`<li>
              <a href=${routeHash({ page: 'explore', parameters: { ...this.route?.parameters, query } })}
                ><code>${query}</code></a
              >
            </li>`,
        )}
      </ul>
    </section>`;
  }

  #chart(
    query: string,
    { kind, stacked, forecast, log }: { kind: string; stacked: string; forecast: string; log: string },
  ): TemplateResult {
    const { explore } = this.#locale.words;
    const chosen: ChartKind = chartKinds.find((one) => one === kind) ?? 'line';
    const toggle = (name: string, value: string, on: string, label: string): TemplateResult =>
      html`<label class="choice"
        ><input
          type="checkbox"
          .checked=${value !== ''}
          @change=${() => this.#go({ [name]: value === '' ? on : '' })}
        />
        ${label}</label
      >`;
    return html`<div class="options">
        <label class="choice"
          >${explore.kind}
          <select
            class="field"
            @change=${(event: Event) => {
              const next = chartKinds[(event.target as HTMLSelectElement).selectedIndex];
              this.#go({ kind: next === undefined || next === 'line' ? '' : next });
            }}
          >
            ${chartKinds.map((one) => html`<option ?selected=${one === chosen}>${explore.kinds[one]}</option>`)}
          </select>
        </label>
        ${toggle('stacked', stacked, '1', explore.stacked)} ${toggle('log', log, '1', explore.log)}
        ${toggle('forecast', forecast, '1h', explore.forecast)}
        <a class="button" href=${routeHash({ page: 'rules', parameters: { expr: query } })}>${explore.makeRule}</a>
        <a class="button" href=${routeHash({ page: 'embed', parameters: { element: 'tarsier-chart', query } })}
          >${explore.embed}</a
        >
      </div>
      <h2 class="visually-hidden">${explore.result}</h2>
      <tarsier-chart
        label=${query}
        query=${query}
        kind=${chosen}
        ?stacked=${stacked !== ''}
        ?log=${log !== ''}
        forecast=${forecast}
      >
        <span slot="empty">${explore.empty}</span>
      </tarsier-chart>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-explore-page': ExplorePage;
  }
}
