import type { Job, JobState } from '@tarsier/protocol';
import { css, html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { formatAge, formatDuration } from '../../chart/age.ts';
import { formatUsdText } from '../../chart/money.ts';
import { AskedController } from '../../controllers/asked.ts';
import { SecondsController } from '../../controllers/follow.ts';
import { isUnended, jobChanges } from '../../controllers/job-feed.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { actUnlessTaken } from '../../data/element-action.ts';
import { modelWords } from '../../i18n/models/words.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { choice } from '../fields/choice.ts';
import { progressBar } from '../fields/progress-bar.ts';
import { tableStyles } from '../table.styles.ts';
import { whenReady } from '../when-ready.ts';

const shownStates = ['all', 'running', 'waiting', 'succeeded', 'failed', 'cancelled'] as const;
type ShownState = (typeof shownStates)[number];

/** What a person may do about a job in a state. */
const actions: Partial<Record<JobState, readonly JobAction[]>> = {
  waiting: ['cancel', 'hold'],
  delayed: ['cancel', 'hold'],
  blocked: ['cancel'],
  held: ['cancel', 'release'],
  running: ['cancel'],
  failed: ['retry'],
};
type JobAction = 'cancel' | 'hold' | 'release' | 'retry';

/**
 * Jobs as they wait, run and end: what each has cost, how far it is, and what can be done about it.
 *
 * @fires tarsier-drill - a job was chosen; `detail.job` is its id
 * @fires tarsier-action - a person does something about one, `detail.job` and `detail.action`; cancel it to do it elsewhere
 * @csspart job
 */
export class TarsierJobs extends LitElement {
  static override styles = [
    tokens,
    base,
    tableStyles,
    css`
      :host {
        display: block;
        min-width: 0;
      }
      .card {
        padding: 12px 16px;
      }
      .choices {
        display: flex;
        flex-wrap: wrap;
        justify-content: space-between;
        gap: 8px 14px;
        margin-bottom: 8px;
      }
      .choices label {
        display: inline-flex;
        align-items: center;
        gap: 8px;
        font-size: 13px;
      }
      .scroll {
        max-height: none;
      }
      .name {
        min-height: 24px;
        padding: 0;
        border: 0;
        background: none;
        color: var(--_accent);
        font-weight: 500;
        text-align: start;
        text-decoration: underline;
      }
      progress {
        width: 90px;
        accent-color: var(--_accent);
        vertical-align: middle;
      }
      .failed {
        color: var(--_critical);
      }
      .actions {
        display: inline-flex;
        gap: 6px;
      }
      .actions .button {
        min-height: 28px;
        padding-block: 2px;
        font-size: 13px;
      }
      small {
        display: block;
        color: var(--_text-quiet);
        font-weight: 400;
      }
      @media (max-width: 620px) {
        thead {
          display: none;
        }
        tr {
          display: grid;
          grid-template-columns: minmax(0, 1fr) auto;
          gap: 2px 12px;
          padding: 8px 0;
          border-bottom: 1px solid var(--_border);
        }
        th,
        td {
          padding: 0;
          border: 0;
        }
        tr > :nth-child(odd) {
          text-align: start;
        }
      }
      @media (pointer: coarse) {
        .actions .button {
          min-height: 44px;
        }
      }
    `,
  ];

  /** Only those of a type, `forecast.train`. Empty: all. */
  @property() type = '';
  /** Most jobs to show. */
  @property({ type: Number }) limit = 20;
  /** Where a job is shown, `{job}` stands for its id. Empty: choosing one only fires `tarsier-drill`. */
  @property() href = '';
  /** Leaves the buttons out. */
  @property({ type: Boolean, attribute: 'no-actions' }) noActions = false;

  @state() private shown: ShownState = 'all';
  @state() private said = '';

  readonly #locale = new LocaleController(this, modelWords);
  readonly #jobs: AskedController<{ readonly jobs: readonly Job[] }> = new AskedController(
    this,
    () => {
      const parameters = new URLSearchParams({ limit: String(this.limit) });
      if (this.type !== '') parameters.set('type', this.type);
      if (this.shown !== 'all') parameters.set('state', this.shown);
      return `/v1/jobs?${parameters}`;
    },
    () => (this.#list.some(isUnended) && this.#jobs.source?.connection.value.kind !== 'live' ? 1_500 : 6_000),
    jobChanges,
  );

  constructor() {
    super();
    this.addController(new SecondsController(this));
  }

  get #list(): readonly Job[] {
    const { state: asked } = this.#jobs;
    return asked.kind === 'ready' ? asked.value.jobs : [];
  }

  /** Asks at once: something was submitted. */
  refresh(): void {
    this.#jobs.refresh();
  }

  override render(): TemplateResult {
    const { jobs: text, state: states } = this.#locale.words;
    return html`<div class="card">
      <div class="choices">
        ${choice(text.filter, shownStates, this.shown, { all: text.all, ...states }, (shown) => (this.shown = shown))}
        <span role="status">${this.said}</span>
      </div>
      ${whenReady(this.#jobs, this.#locale.words, ({ jobs }, now) => this.#table(jobs, now))}
    </div>`;
  }

  #table(jobs: readonly Job[], now: number): TemplateResult {
    const { words } = this.#locale;
    const { jobs: text } = words;
    if (jobs.length === 0) {
      return html`<p class="note">${this.shown === 'all' ? text.none : text.noneOf(words.state[this.shown])}</p>`;
    }
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${text.label}>
      <table>
        <thead>
          <tr>
            <th scope="col">${text.type}</th>
            ${[text.state, text.submitted, text.took, text.cost].map((name) => html`<th scope="col">${name}</th>`)}
            ${this.noActions ? nothing : html`<th scope="col">${text.actions}</th>`}
          </tr>
        </thead>
        <tbody>
          ${repeat(
            jobs,
            ({ id }) => id,
            (job) => this.#row(job, now),
          )}
        </tbody>
      </table>
    </div>`;
  }

  #row(job: Job, now: number): TemplateResult {
    const { words } = this.#locale;
    const subject = ['model', 'query', 'target']
      .map((name) => job.payload[name])
      .find((one) => typeof one === 'string');
    const ratio = job.state === 'running' ? job.progress?.ratio : undefined;
    return html`<tr part="job">
      <th scope="row">${this.#name(job)}${subject === undefined ? nothing : html`<small>${subject}</small>`}</th>
      <td>
        <span class=${job.state === 'failed' ? 'failed' : ''}>${words.state[job.state]}</span>
        ${ratio === undefined ? nothing : progressBar(ratio, words, this.#locale)}
        ${job.error === undefined ? nothing : html`<small>${job.error.message}</small>`}
      </td>
      <td>${formatAge(job.createdAt, now, this.#locale)}<small>${words.jobs.by(job.submittedBy)}</small></td>
      <td>
        ${job.startedAt === undefined ? '' : job.meteredMs < 1000 ? `${job.meteredMs}\u00a0ms` : formatDuration(job.meteredMs)}
      </td>
      <td>${job.startedAt === undefined ? '' : formatUsdText(job.cost, this.#locale)}</td>
      ${this.noActions ? nothing : html`<td>${this.#actions(job)}</td>`}
    </tr>`;
  }

  #name({ id, type }: Job): TemplateResult {
    const drill = (): void => {
      const init = { detail: { job: id }, bubbles: true, composed: true };
      this.dispatchEvent(new CustomEvent('tarsier-drill', init));
    };
    return this.href === ''
      ? html`<button class="name" type="button" @click=${drill}>${type}</button>`
      : html`<a href=${this.href.replace('{job}', encodeURIComponent(id))} @click=${drill}>${type}</a>`;
  }

  #actions(job: Job): TemplateResult | typeof nothing {
    const { jobs: text } = this.#locale.words;
    const possible = job.cancelRequested ? [] : (actions[job.state] ?? []);
    if (possible.length === 0) return nothing;
    return html`<span class="actions">
      ${possible.map(
        (action) =>
          html`<button
            class="button"
            type="button"
            aria-label=${text.actionOn(text[action], job.type)}
            @click=${() => void this.#act(job, action)}
          >
            ${text[action]}
          </button>`,
      )}
    </span>`;
  }

  async #act({ id }: Job, action: JobAction): Promise<void> {
    const path = `/v1/jobs/${encodeURIComponent(id)}/${action}`;
    const outcome = await actUnlessTaken(this, this.#jobs.source, { job: id, action }, (api) =>
      api.send('POST', path, {}),
    );
    if (outcome.kind === 'taken') return;
    this.said = outcome.kind === 'failed' ? outcome.message : this.#locale.words.jobs.done[action];
    this.refresh();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-jobs': TarsierJobs;
  }
}
