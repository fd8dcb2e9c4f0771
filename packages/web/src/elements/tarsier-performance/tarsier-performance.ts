import type { CacheReport, Performance, PerformanceSubject, RightSize } from '@tarsier/protocol/api';
import { css, html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { formatUsdText } from '../../chart/money.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { curvePlot } from '../curve/curve-plot.ts';
import { curvePlotStyles } from '../curve/curve-plot.styles.ts';
import { isOfKind } from '../job-points.ts';
import { ResultElement } from '../result-element.ts';
import { resultStyles } from '../result.styles.ts';
import { tableStyles } from '../table.styles.ts';

const mostRows = 20;

/**
 * What holds hosts and services up, how caches would do at other sizes, and what to ask for.
 *
 * @slot empty - what to say when nothing was looked at yet
 * @fires tarsier-drill - a bottleneck is to be seen in a chart; `detail.query`
 * @csspart result
 */
export class TarsierPerformance extends ResultElement<Performance> {
  static override styles = [
    tokens,
    base,
    resultStyles,
    curvePlotStyles,
    tableStyles,
    css`
      .caches {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr));
        gap: 16px;
      }
      .drill {
        min-height: 24px;
        padding: 0;
        border: 0;
        background: none;
        color: var(--_accent);
        text-align: start;
        text-decoration: underline;
      }
    `,
  ];

  protected override get type(): string {
    return 'performance.analyse';
  }
  protected override get heading(): string {
    return this.locale.words.performance.label;
  }
  protected override read(result: unknown): Performance | undefined {
    return isOfKind<Performance>(result, 'performance.analyse', 1) ? result : undefined;
  }

  protected override show(result: Performance): TemplateResult {
    const { performance: text, method } = this.locale.words;
    return html`<dl class="figures">
        <div>
          <dt>${text.score}</dt>
          <dd>${Math.round(result.score)}<small>/ 100</small></dd>
        </div>
        ${result.parts.map(
          ({ label, score }) =>
            html`<div>
              <dt>${label}</dt>
              <dd class="small">${score === null ? '' : Math.round(score)}</dd>
            </div>`,
        )}
      </dl>
      ${
        result.advice.length === 0
          ? nothing
          : html`<div>
              <h4>${text.advice}</h4>
              <ul>
                ${result.advice.map(({ title, reason }) => html`<li><b>${title}</b> <span class="quiet">${reason}</span></li>`)}
              </ul>
            </div>`
      }
      <div>
        <h4>${text.bottlenecks}</h4>
        ${this.#subjects(result.subjects)}
      </div>
      ${
        result.caches.length === 0
          ? nothing
          : html`<div>
              <h4>${text.caches}</h4>
              <div class="caches">${result.caches.map((cache) => this.#cache(cache))}</div>
            </div>`
      }
      ${result.rightSizes.length === 0 ? nothing : this.#sizes(result.rightSizes)}
      <p class="quiet">${method}: ${result.method}</p>`;
  }

  #subjects(subjects: readonly PerformanceSubject[]): TemplateResult {
    const { performance: text } = this.locale.words;
    const shown = subjects.filter(({ bottleneck }) => bottleneck !== null).slice(0, mostRows);
    if (shown.length === 0) return html`<p class="quiet">${text.none}</p>`;
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${text.bottlenecks}>
      <table>
        <thead>
          <tr>
            <th scope="col">${text.subject}</th>
            <th scope="col" class="text">${text.bottleneck}</th>
            <th scope="col">${text.impact}</th>
            <th scope="col">${text.score}</th>
          </tr>
        </thead>
        <tbody>
          ${shown.map(
            ({ name, bottleneck, score }) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td class="text">
                  <button class="drill" type="button" @click=${() => this.#drill(bottleneck?.query ?? '')}>
                    ${bottleneck?.title}
                  </button>
                </td>
                <td>${this.number(bottleneck?.impact, 'ratio')}</td>
                <td>${Math.round(score)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  #drill(query: string): void {
    this.dispatchEvent(new CustomEvent('tarsier-drill', { detail: { query }, bubbles: true, composed: true }));
  }

  #cache({ name, ratio, interval, workingSet, curve, saving }: CacheReport): TemplateResult {
    const { words } = this.locale;
    const { performance: text } = words;
    const usd = (amount: string): string => formatUsdText(amount, this.locale);
    const x = curve.map(({ bytes }) => bytes);
    return html`<div>
      <p>
        <b>${name}</b> ${text.hitRatio} ${this.number(ratio, 'ratio')}
        <span class="quiet">${this.number(interval.low, 'ratio')} – ${this.number(interval.high, 'ratio')}</span>
      </p>
      ${workingSet === null ? nothing : html`<p class="quiet">${text.workingSet(this.number(workingSet.bytes, 'bytes'))}</p>`}
      ${saving === null ? nothing : html`<p>${text.saves(usd(saving.now), usd(saving.possible))} <span class="quiet">${saving.arithmetic}</span></p>`}
      ${
        curve.length < 2
          ? nothing
          : curvePlot({
              label: `${text.sizeCurve}: ${name}`,
              curves: [{ name: text.hitRatio, x, y: curve.map((point) => point.ratio), colour: 1 }],
              band: { x, low: curve.map(({ low }) => low), high: curve.map(({ high }) => high), colour: 1 },
              xLabel: text.sizeCurve,
              unit: 'ratio',
              unitX: 'bytes',
              locale: this.locale,
              table: words.numbers,
            })
      }
    </div>`;
  }

  #sizes(sizes: readonly RightSize[]): TemplateResult {
    const { performance: text } = this.locale.words;
    const size = ({ cores, bytes }: RightSize['has']): string =>
      `${text.cores(this.number(cores))}, ${this.number(bytes, 'bytes')}`;
    return html`<div>
      <h4>${text.sizes}</h4>
      <div class="scroll" tabindex="0" role="region" aria-label=${text.sizes}>
        <table>
          <thead>
            <tr>
              ${[text.name, text.has, text.request, text.risk].map((name) => html`<th scope="col">${name}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${sizes.slice(0, mostRows).map(
              ({ name, has, request, risk }) =>
                html`<tr>
                  <th scope="row">${name}</th>
                  <td>${size(has)}</td>
                  <td>${size(request)}</td>
                  <td>${this.number(Math.max(risk.cpu, risk.memory), 'ratio')}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-performance': TarsierPerformance;
  }
}
