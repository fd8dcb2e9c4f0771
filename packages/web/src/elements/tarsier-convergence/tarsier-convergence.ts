import type { Job } from '@tarsier/protocol';
import type { ThresholdOutcome, ThresholdTuning, TuningPoint } from '@tarsier/protocol/api';
import { css, html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { actUnlessTaken } from '../../data/element-action.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { icons } from '../../styles/icons.ts';
import { curvePlot } from '../curve/curve-plot.ts';
import { curvePlotStyles } from '../curve/curve-plot.styles.ts';
import { isOfKind, pointsOf } from '../job-points.ts';
import { ResultElement } from '../result-element.ts';
import { resultStyles } from '../result.styles.ts';
import { tableStyles } from '../table.styles.ts';

/**
 * How a threshold was tuned: reward and regret by round, which threshold looks best, what it would have meant on time
 * that nothing was learnt from, and the guard rails. A proposal can be applied and rolled back.
 *
 * @slot empty - what to say when nothing was tuned yet
 * @fires tarsier-action - a person applies or rolls back; `detail.action` and `detail.proposal`; cancel it to do it elsewhere
 * @csspart result
 */
export class TarsierConvergence extends ResultElement<ThresholdTuning> {
  static override styles = [
    tokens,
    base,
    resultStyles,
    curvePlotStyles,
    tableStyles,
    css`
      .rails li {
        display: flex;
        flex-wrap: wrap;
        gap: 2px 6px;
        align-items: baseline;
        padding: 2px 0;
        font-size: 13px;
      }
      .rails .held .icon {
        color: var(--_ok);
      }
      .rails .broken .icon {
        color: var(--_warning);
      }
    `,
  ];

  /** Leaves the buttons out. */
  @property({ type: Boolean, attribute: 'no-actions' }) noActions = false;

  @state() private said = '';

  protected override get type(): string {
    return 'threshold.tune';
  }
  protected override get wantsEvents(): boolean {
    return true;
  }
  protected override get heading(): string {
    return this.locale.words.convergence.label;
  }
  protected override read(result: unknown): ThresholdTuning | undefined {
    return isOfKind<ThresholdTuning>(result, 'threshold.tune', 1) ? result : undefined;
  }

  protected override progress(_job: Job): TemplateResult | typeof nothing {
    const points = pointsOf<TuningPoint>(this.feed.events, ['round', 'threshold', 'best', 'meanReward', 'regret']);
    return points.length === 0 ? nothing : this.#plots(points, undefined);
  }

  protected override show(result: ThresholdTuning): TemplateResult {
    const { convergence: text, ...words } = this.locale.words;
    const { present, proposed, target, evaluation, decision } = result;
    const { difference } = evaluation;
    return html`<dl class="figures">
        <div>
          <dt>${target.name}</dt>
          <dd>
            ${
              present === proposed
                ? text.same(this.number(present))
                : text.change(this.number(present), this.number(proposed))
            }
            <small>${text.decision[decision]}</small>
          </dd>
        </div>
        <div>
          <dt>${text.estimate}</dt>
          <dd>
            ${this.number(difference.value)}
            <small
              >${words.between(
                this.number(difference.low),
                this.number(difference.high),
                this.number(difference.confidence, 'ratio'),
              )}</small
            >
          </dd>
        </div>
      </dl>
      <p class="why">${result.explanation}</p>
      ${this.#buttons(result)} ${this.#plots(result.convergence, present)}
      <div>
        <h4>${text.outcomes}</h4>
        ${this.#outcomes(result.heldOut)}
      </div>
      <div class="rails">
        <h4>${text.guards}</h4>
        <ul>
          ${result.guardRails.map(
            ({ name, held, why }) =>
              html`<li class=${held ? 'held' : 'broken'}>
                ${held ? icons.ok : icons.warning}<b>${text.rails[name]}</b> ${held ? text.held : text.broken}
                <span class="quiet">${why}</span>
              </li>`,
          )}
        </ul>
      </div>
      <p class="quiet">${words.method}: ${result.method}</p>`;
  }

  #plots(points: readonly TuningPoint[], present: number | undefined): TemplateResult {
    const { convergence: text, numbers } = this.locale.words;
    const x = points.map(({ round }) => round);
    const common = { xLabel: text.round, table: numbers, locale: this.locale };
    const ends = [x[0] ?? 0, x.at(-1) ?? 0];
    return html`<div class="plots">
      ${curvePlot({
        ...common,
        label: `${text.reward}, ${text.regret}`,
        curves: [
          { name: text.reward, x, y: points.map(({ meanReward }) => meanReward), colour: 1 },
          { name: text.regret, x, y: points.map(({ regret }) => regret), colour: 2 },
        ],
      })}
      ${curvePlot({
        ...common,
        label: text.thresholds,
        curves: [
          { name: text.thresholds, x, y: points.map(({ best }) => best), colour: 1 },
          ...(present === undefined
            ? []
            : [{ name: text.present, x: ends, y: [present, present], colour: 3, dashed: true }]),
        ],
      })}
    </div>`;
  }

  #outcomes(outcomes: readonly (ThresholdOutcome & { readonly name: keyof OutcomeNames })[]): TemplateResult {
    const { convergence: text } = this.locale.words;
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${text.outcomes}>
      <table>
        <thead>
          <tr>
            <td></td>
            ${[text.threshold, text.perDay, text.pages, text.caught, text.missed, text.noise].map(
              (name) => html`<th scope="col">${name}</th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${outcomes.map(
            ({ name, value, rewardPerDay, pagesPerDay, caught, missed, noise }) =>
              html`<tr>
                <th scope="row">${text.names[name]}</th>
                ${[value, rewardPerDay, pagesPerDay, caught, missed, noise].map(
                  (number) => html`<td>${this.number(number)}</td>`,
                )}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  #buttons({ proposal, decision }: ThresholdTuning): TemplateResult | typeof nothing {
    const { convergence: text } = this.locale.words;
    if (this.noActions || proposal === undefined || decision === 'kept') return nothing;
    return html`<div class="actions">
      <button class="button" type="button" @click=${() => void this.#decide(proposal, 'apply')}>${text.apply}</button>
      <button class="button" type="button" @click=${() => void this.#decide(proposal, 'rollback')}>
        ${text.rollBack}
      </button>
      <span role="status">${this.said}</span>
    </div>`;
  }

  async #decide(proposal: string, action: 'apply' | 'rollback'): Promise<void> {
    const path = `/v1/threshold-proposals/${encodeURIComponent(proposal)}/${action}`;
    const outcome = await actUnlessTaken(this, this.feed.source, { proposal, action }, (api) =>
      api.send('POST', path, {}),
    );
    if (outcome.kind === 'taken') return;
    const { applied, rolledBack } = this.locale.words.convergence;
    this.said = outcome.kind === 'failed' ? outcome.message : action === 'apply' ? applied : rolledBack;
    this.feed.refresh();
  }
}

type OutcomeNames = Readonly<Record<ThresholdTuning['heldOut'][number]['name'], string>>;

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-convergence': TarsierConvergence;
  }
}
