import type { Job } from '@tarsier/protocol';
import type { DetectorTraining, ForecastTraining } from '@tarsier/protocol/api';
import { css, html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { base, tokens } from '../../styles/tokens.ts';
import { curvePlot } from '../curve/curve-plot.ts';
import type { Curve } from '../curve/curve-plot.ts';
import { curvePlotStyles } from '../curve/curve-plot.styles.ts';
import { isOfKind } from '../job-points.ts';
import { ResultElement } from '../result-element.ts';
import { resultStyles } from '../result.styles.ts';
import { tableStyles } from '../table.styles.ts';
import { trainingCurves } from './training-curves.ts';

/**
 * A model as it learns: its loss and accuracy live, then how good it is on time that it was not trained with, beside
 * plain ways.
 *
 * @slot empty - what to say when nothing was trained yet
 * @csspart result
 */
export class TarsierTraining extends ResultElement<ForecastTraining | DetectorTraining> {
  static override styles = [
    tokens,
    base,
    resultStyles,
    curvePlotStyles,
    tableStyles,
    css`
      .verdict {
        display: inline-block;
      }
      .verdict::first-letter {
        text-transform: uppercase;
      }
      .log {
        display: inline-flex;
        align-items: center;
        gap: 6px;
        min-height: 24px;
        font-size: 13px;
      }
    `,
  ];

  /** Which training: `forecast.train` or `detector.train`. */
  @property() kind: 'forecast.train' | 'detector.train' = 'forecast.train';

  @state() private logarithmic = false;

  protected override get type(): string {
    return this.kind;
  }
  protected override get wantsEvents(): boolean {
    return true;
  }
  protected override get heading(): string {
    const model = this.feed.job?.payload['model'];
    const { label, detector } = this.locale.words.training;
    const kind = this.kind === 'detector.train' ? detector : label;
    return typeof model === 'string' ? `${kind}: ${model}` : kind;
  }
  protected override read(result: unknown): ForecastTraining | DetectorTraining | undefined {
    return isOfKind<DetectorTraining>(result, 'detector.train', 1) ||
      isOfKind<ForecastTraining>(result, 'forecast.train', 1)
      ? result
      : undefined;
  }

  protected override progress(_job: Job): TemplateResult | typeof nothing {
    const curves = trainingCurves(this.feed.events);
    return curves === undefined ? nothing : this.#plots(curves);
  }

  protected override show(result: ForecastTraining | DetectorTraining): TemplateResult {
    const { training: text, verdict } = this.locale.words;
    const isDetector = result.kind === 'detector.train';
    const curves = trainingCurves(this.feed.events);
    return html`<p class="why">
        <b class="verdict">${isDetector ? verdict[result.verdict] : result.verdict}.</b>
        ${(result.promoted ? text.promoted : text.kept)(result.model, result.modelVersion)}
        ${isDetector ? result.explanation : nothing}
      </p>
      ${curves === undefined ? nothing : this.#plots(curves)}
      <div>
        <h4>${text.backtest}</h4>
        ${isDetector ? this.#detectors(result) : this.#forecasts(result)}
      </div>`;
  }

  #plots({ steps, losses, rising }: NonNullable<ReturnType<typeof trainingCurves>>): TemplateResult {
    const { training: text, numbers } = this.locale.words;
    const named = (curves: readonly { name: keyof CurveNames; x: number[]; y: number[] }[], from: number): Curve[] =>
      curves.map((curve, at) => ({ ...curve, name: text[curve.name], colour: from + at }));
    const best = bestOf(losses.at(-1));
    const common = { xLabel: text[steps], table: numbers, locale: this.locale };
    return html`<div class="plots">
      <div>
        ${curvePlot({
          ...common,
          label: losses.map(({ name }) => text[name]).join(', '),
          curves: named(losses, 1),
          logarithmic: this.logarithmic,
          marks: best === undefined ? [] : [{ x: best, name: text.bestMark }],
        })}
        <label class="log"
          ><input
            type="checkbox"
            .checked=${this.logarithmic}
            @change=${(event: Event) => (this.logarithmic = (event.target as HTMLInputElement).checked)}
          />${text.logarithmic}</label
        >
      </div>
      ${
        rising.length === 0
          ? nothing
          : curvePlot({
              ...common,
              label: rising.map(({ name }) => text[name]).join(', '),
              curves: named(rising, 1 + losses.length),
              unit: 'ratio',
            })
      }
    </div>`;
  }

  #forecasts({ backtest }: ForecastTraining): TemplateResult {
    const { training: text } = this.locale.words;
    return this.#table(
      text.backtest,
      [text.name, text.mase, text.pinball, text.coverage],
      backtest.rows.map(({ name, mase, pinball, coverage }) => [
        name,
        this.number(mase),
        this.number(pinball),
        this.number(coverage, 'ratio'),
      ]),
    );
  }

  #detectors({ heldOut }: DetectorTraining): TemplateResult {
    const { training: text, matrix } = this.locale.words;
    return this.#table(
      text.backtest,
      [matrix.model, text.recall, text.falseAlarms],
      heldOut.map(({ name, recall, falseAlarmsPerDay }) => [
        name,
        this.number(recall.value, 'ratio'),
        this.number(falseAlarmsPerDay.value),
      ]),
    );
  }

  #table(label: string, head: readonly string[], rows: readonly (readonly string[])[]): TemplateResult {
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${label}>
      <table>
        <thead>
          <tr>
            ${head.map((name) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ([name, ...values]) =>
              html`<tr>
                <th scope="row">${name}</th>
                ${values.map((value) => html`<td>${value}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }
}

type CurveNames = Readonly<Record<'loss' | 'trainingLoss' | 'validationLoss' | 'skill' | 'accuracy', string>>;

/** Where the last curve is lowest: there training stops early. */
function bestOf(curve: { readonly x: readonly number[]; readonly y: readonly number[] } | undefined) {
  if (curve === undefined) return undefined;
  let at = 0;
  for (const [step, loss] of curve.y.entries()) if (loss < (curve.y[at] ?? Infinity)) at = step;
  return curve.x[at];
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-training': TarsierTraining;
  }
}
