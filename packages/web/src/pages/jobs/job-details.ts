import type { Job, JobEvent } from '@tarsier/protocol';
import type { JobResponse } from '@tarsier/protocol/api';
import { css, html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { formatAge, formatMoment, formatTime } from '../../chart/age.ts';
import { formatUsdText } from '../../chart/money.ts';
import { formatValue } from '../../chart/units.ts';
import { AskedController, asking } from '../../controllers/asked.ts';
import { isUnended, jobChanges } from '../../controllers/job-feed.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { progressBar } from '../../elements/fields/progress-bar.ts';
import { resultStyles } from '../../elements/result.styles.ts';
import { whenReady } from '../../elements/when-ready.ts';
import { modelWords } from '../../i18n/models/words.ts';
import { base, tokens } from '../../styles/tokens.ts';

const mostLines = 200;

/** One job: why it waits or failed, what it told, and what came of it, in the view that its type has. */
export class JobDetails extends LitElement {
  static override styles = [
    tokens,
    base,
    resultStyles,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 14px;
      }
      h1 {
        font-size: 20px;
        font-weight: 600;
      }
      pre {
        max-height: 360px;
        margin: 0;
        overflow: auto;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
        font-family: var(--_font-mono);
        font-size: 13px;
      }
      .warn {
        color: var(--_warning);
      }
    `,
  ];

  /** Its id. */
  @property() job = '';

  readonly #locale = new LocaleController(this, modelWords);
  readonly #everyMs = (): number =>
    this.#answer !== undefined && isUnended(this.#answer.job) && this.#asked.source?.connection.value.kind !== 'live'
      ? 1_000
      : 30_000;
  readonly #asked: AskedController<JobResponse> = new AskedController(
    this,
    () => (this.job === '' ? undefined : `/v1/jobs/${encodeURIComponent(this.job)}`),
    this.#everyMs,
    jobChanges,
  );
  readonly #events = asking(
    this,
    () => (this.job === '' ? undefined : `/v1/jobs/${encodeURIComponent(this.job)}/events?limit=10000`),
    this.#everyMs,
    // Others change how long it waits, but not what it has told.
    (source) => jobChanges(source, ({ id }) => id === this.job),
  );

  get #answer(): JobResponse | undefined {
    const { state } = this.#asked;
    return state.kind === 'ready' ? state.value : undefined;
  }

  override render(): TemplateResult {
    const { words } = this.#locale;
    return whenReady(this.#asked, words, (answer, now) => this.#job(answer, now));
  }

  #job(answer: JobResponse, now: number): TemplateResult {
    const { words } = this.#locale;
    const { job } = answer;
    return html`<h1>${job.type}</h1>
      <h2 class="visually-hidden">${words.jobs.details}</h2>
      ${this.#facts(answer, now)} ${this.#view(job)} ${this.#log()}
      <details class="card result">
        <summary>${words.jobs.payload}, ${words.jobs.result}</summary>
        <pre tabindex="0">${JSON.stringify({ payload: job.payload, result: job.result }, undefined, 2)}</pre>
      </details>`;
  }

  #facts({ job, waiting }: JobResponse, now: number): TemplateResult {
    const { words } = this.#locale;
    const { jobs: text } = words;
    const ratio = job.state === 'running' ? job.progress?.ratio : undefined;
    return html`<section class="card result" aria-label=${text.details}>
      <dl class="figures">
        <div>
          <dt>${text.state}</dt>
          <dd>
            <span role="status">${words.state[job.state]}</span>
            <small>${text.attempt(job.attempt, job.maxAttempts)}</small>
          </dd>
        </div>
        <div>
          <dt>${text.submitted}</dt>
          <dd>${formatAge(job.createdAt, now, this.#locale)}<small>${text.by(job.submittedBy)}</small></dd>
        </div>
        <div>
          <dt>${text.took}</dt>
          <dd>${formatValue(job.meteredMs / 1000, 'seconds', this.#locale)}</dd>
        </div>
        <div>
          <dt>${text.cost}</dt>
          <dd>${formatUsdText(job.cost, this.#locale)}</dd>
        </div>
      </dl>
      ${ratio === undefined ? nothing : progressBar(ratio, words, this.#locale)}
      ${
        waiting === undefined
          ? nothing
          : html`<p>
              <b>${text.waitsBecause}:</b> ${waiting.reasons.join(' ')}
              ${text.ahead(waiting.ahead)}${
                waiting.expectedStart === undefined
                  ? nothing
                  : `, ${text.starts(formatMoment(waiting.expectedStart, now, this.#locale))}`
              }
            </p>`
      }
      ${
        job.error === undefined
          ? nothing
          : html`<p><b>${text.error}:</b> ${job.error.message} <code>${job.error.code}</code></p>`
      }
    </section>`;
  }

  #view({ id, type }: Job): TemplateResult | typeof nothing {
    switch (type) {
      case 'forecast.train':
      case 'detector.train':
        return html`<tarsier-training .kind=${type} .job=${id}></tarsier-training>`;
      case 'threshold.tune':
        return html`<tarsier-convergence .job=${id}></tarsier-convergence>`;
      case 'models.compare':
        return html`<tarsier-model-matrix .job=${id}></tarsier-model-matrix>`;
      case 'performance.analyse':
        return html`<tarsier-performance .job=${id}></tarsier-performance>`;
      case 'cost_optimization':
        return html`<tarsier-cost .job=${id}></tarsier-cost>`;
      default:
        return nothing;
    }
  }

  #log(): TemplateResult | typeof nothing {
    const { state } = this.#events;
    const events = state.kind === 'ready' ? state.value.events : [];
    const lines = events.filter((event) => event.kind !== 'progress').slice(-mostLines);
    if (lines.length === 0) return nothing;
    return html`<section class="card result" aria-labelledby="log">
      <h3 id="log">${this.#locale.words.jobs.log}</h3>
      <ul>
        ${lines.map((event) => html`<li><span class="quiet">${formatTime(event.at, 'seconds', this.#locale)}</span> ${lineOf(event)}</li>`)}
      </ul>
    </section>`;
  }
}

function lineOf(event: JobEvent): TemplateResult | string {
  if (event.kind === 'log') {
    const fields = event.fields === undefined ? '' : ` ${JSON.stringify(event.fields)}`;
    return html`<span class=${event.level}>${event.message}${fields}</span>`;
  }
  return event.kind === 'attempt' ? html`<span class="warn">${event.error.message}</span>` : '';
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-job-details': JobDetails;
  }
}
