import type { Optimisation, OptimisationScore, Recommendation } from '@tarsier/protocol/api';
import { css, html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { formatUsdText } from '../../chart/money.ts';
import { formatValue } from '../../chart/units.ts';
import { asking } from '../../controllers/asked.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { actUnlessTaken } from '../../data/element-action.ts';
import { modelWords } from '../../i18n/models/words.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { resultStyles } from '../result.styles.ts';
import { tableStyles } from '../table.styles.ts';
import { whenReady } from '../when-ready.ts';

const scoreMs = 15_000;
const recommendationsMs = 60_000;

/**
 * How well the tenant, a group or a host does, 0 to 100, with the parts that it is made of and what would make it better.
 *
 * @fires tarsier-action - a person follows or dismisses a recommendation; `detail.action` and `detail.recommendation`; cancel it to do it elsewhere
 * @csspart score
 * @csspart part
 * @csspart recommendation
 */
export class TarsierOptimisationScore extends LitElement {
  static override styles = [
    tokens,
    base,
    resultStyles,
    tableStyles,
    css`
      .score {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 4px 14px;
      }
      .score b {
        font-size: 40px;
        font-weight: 600;
        letter-spacing: -0.02em;
        line-height: 1.1;
      }
      meter {
        width: 90px;
      }
      td.text small,
      .recommendations small {
        display: block;
        color: var(--_text-quiet);
        font-size: 13px;
      }
      .recommendations > li {
        display: flex;
        flex-wrap: wrap;
        align-items: flex-start;
        justify-content: space-between;
        gap: 6px 14px;
        padding: 10px 0;
        border-top: 1px solid var(--_border);
      }
      .recommendations > li > span:first-child {
        flex: 1 1 320px;
      }
      summary {
        min-height: 24px;
        cursor: pointer;
        color: var(--_text-quiet);
        font-size: 13px;
      }
    `,
  ];

  /** The title. */
  @property() label = '';
  /** Shows this host. Empty: the tenant as a whole. */
  @property() host = '';
  /** Shows this group, `label=value`. */
  @property() group = '';
  /** Most recommendations to show. */
  @property({ type: Number }) most = 5;
  /** Leaves the buttons out. */
  @property({ type: Boolean, attribute: 'no-actions' }) noActions = false;

  @state() private said = '';

  readonly #locale = new LocaleController(this, modelWords);
  readonly #scores = asking(
    this,
    () => '/v1/optimisation',
    () => scoreMs,
  );
  readonly #open = asking(
    this,
    () => '/v1/recommendations?state=open&limit=100',
    () => recommendationsMs,
  );

  override render(): TemplateResult {
    const { words } = this.#locale;
    return html`<section class="card result" aria-labelledby="title">
      <header>
        <h3 id="title">${this.label || words.optimisation.label}</h3>
        <span role="status">${this.said}</span>
      </header>
      ${whenReady(this.#scores, words, (all) => this.#score(all))}
    </section>`;
  }

  #score(all: Optimisation): TemplateResult {
    const { words } = this.#locale;
    const { optimisation: text } = words;
    const subject = this.#subject(all);
    if (subject === undefined) return html`<p class="note">${words.notYet}</p>`;
    const { score, interval, previous, parts } = subject;
    const number = (value: number): string => formatValue(value, '', this.#locale);
    const change = previous === undefined ? 0 : score - previous;
    return html`<p class="score" part="score">
        <b>${Math.round(score)}</b><span class="quiet">/ 100</span>
        <span class="quiet">${text.interval(number(interval.low), number(interval.high))}</span>
        ${Math.abs(change) < 0.5 ? nothing : html`<span>${text.change(`${change > 0 ? '+' : ''}${number(change)}`)}</span>`}
      </p>
      <div class="scroll" tabindex="0" role="region" aria-label=${text.parts}>
        <table>
          <thead>
            <tr>
              <th scope="col">${text.part}</th>
              <th scope="col">${text.score}</th>
              <th scope="col">${text.weight}</th>
            </tr>
          </thead>
          <tbody>
            ${parts.map((part) => this.#part(part))}
          </tbody>
        </table>
      </div>
      <div>
        <h4>${text.recommendations}</h4>
        ${whenReady(this.#open, words, ({ recommendations }) => this.#recommendations(recommendations))}
      </div>
      ${this.host === '' && this.group === '' && all.hosts.length > 0 ? this.#hosts(all.hosts) : nothing}
      <p class="quiet">${words.method}: ${all.method}</p>`;
  }

  #subject({ tenant, groups, hosts }: Optimisation): OptimisationScore | undefined {
    if (this.host !== '') return hosts.find(({ name }) => name === this.host);
    return this.group === '' ? tenant : groups.find(({ name }) => name === this.group);
  }

  #part({ id, score, weight, reason }: OptimisationScore['parts'][number]): TemplateResult {
    const { optimisation: text } = this.#locale.words;
    return html`<tr part="part">
      <td class="text"><b>${text.names[id]}</b><small>${reason}</small></td>
      <td>
        ${
          score === null
            ? html`<span class="quiet">${text.unknown}</span>`
            : html`<meter max="100" .value=${score} aria-label=${text.of(String(Math.round(score)))}></meter>
                ${Math.round(score)}`
        }
      </td>
      <td>${formatValue(weight, 'ratio', this.#locale)}</td>
    </tr>`;
  }

  #recommendations(all: readonly Recommendation[]): TemplateResult {
    const { optimisation: text } = this.#locale.words;
    const shown = all
      .filter(({ subject }) => this.host === '' || (subject.kind === 'host' && subject.name === this.host))
      .slice(0, this.most);
    if (shown.length === 0) return html`<p class="quiet">${text.none}</p>`;
    return html`<ul class="recommendations">
      ${shown.map((one) => this.#recommendation(one))}
    </ul>`;
  }

  #recommendation(one: Recommendation): TemplateResult {
    const { optimisation: text, cost } = this.#locale.words;
    const { title, reason, arithmetic, gain, saving, effort, confidence } = one;
    const facts = [
      text.gain(formatValue(gain.tenant, '', this.#locale)),
      ...(saving === undefined ? [] : [cost.saves(formatUsdText(saving, this.#locale))]),
      text.effort[effort],
      cost.confidence(formatValue(confidence, 'ratio', this.#locale)),
    ];
    return html`<li part="recommendation">
      <span>
        <b>${title}</b><small>${facts.join(', ')}</small>
        <details>
          <summary>${cost.arithmetic}</summary>
          <p>${reason}</p>
          <p class="quiet">${arithmetic}</p>
        </details>
      </span>
      ${
        this.noActions
          ? nothing
          : html`<span class="actions">
              ${(['follow', 'dismiss'] as const).map(
                (action) =>
                  html`<button
                    class="button"
                    type="button"
                    aria-label=${`${text[action]}: ${title}`}
                    @click=${() => void this.#act(one, action)}
                  >
                    ${text[action]}
                  </button>`,
              )}
            </span>`
      }
    </li>`;
  }

  #hosts(hosts: readonly OptimisationScore[]): TemplateResult {
    const { optimisation: text } = this.#locale.words;
    return html`<details>
      <summary>${text.worst}</summary>
      <ul>
        ${hosts.slice(0, 20).map(
          ({ name, score }) =>
            html`<li>
              <meter max="100" .value=${score} aria-label=${text.of(String(Math.round(score)))}></meter>
              ${Math.round(score)} ${name}
            </li>`,
        )}
      </ul>
    </details>`;
  }

  async #act({ id }: Recommendation, action: 'follow' | 'dismiss'): Promise<void> {
    const path = `/v1/recommendations/${encodeURIComponent(id)}/${action}`;
    const outcome = await actUnlessTaken(this, this.#open.source, { action, recommendation: id }, (api) =>
      api.send('POST', path, {}),
    );
    if (outcome.kind === 'taken') return;
    const { followed, dismissed } = this.#locale.words.optimisation;
    this.said = outcome.kind === 'failed' ? outcome.message : action === 'follow' ? followed : dismissed;
    this.#open.refresh();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-optimisation-score': TarsierOptimisationScore;
  }
}
