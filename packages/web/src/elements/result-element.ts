import type { Job } from '@tarsier/protocol';
import { html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { formatAge } from '../chart/age.ts';
import { formatFigure } from '../chart/units.ts';
import { isUnended, JobFeedController } from '../controllers/job-feed.ts';
import { LocaleController } from '../controllers/locale.ts';
import { modelWords } from '../i18n/models/words.ts';
import { progressBar } from './fields/progress-bar.ts';
import { whenReady } from './when-ready.ts';

/** What elements that show the result of a kind of job have alike. */
export abstract class ResultElement<Result> extends LitElement {
  /** The title. */
  @property() label = '';
  /** Id of the job; empty: the newest of its type. */
  @property() job = '';
  /** A result from elsewhere, in the place of a collector's. */
  @property({ attribute: false }) data: Result | undefined;

  /** Which kind of job's. */
  protected abstract get type(): string;
  /** @returns undefined for what is not this kind of result */
  protected abstract read(result: unknown): Result | undefined;
  protected abstract show(result: Result, job: Job | undefined): TemplateResult;
  /** What can be shown before there is a result. */
  protected progress(_job: Job): TemplateResult | typeof nothing {
    return nothing;
  }

  protected readonly feed = new JobFeedController(this, () => ({ job: this.job, type: this.type }), this.wantsEvents);
  protected readonly locale = new LocaleController(this, modelWords);

  protected get wantsEvents(): boolean {
    return false;
  }

  protected abstract get heading(): string;

  protected number(value: number | undefined, unit = ''): string {
    return formatFigure(value, unit, this.locale);
  }

  override render(): TemplateResult {
    return html`<section class="card result" part="result" aria-labelledby="title">
      <header>
        <h3 id="title">${this.label || this.heading}</h3>
        ${this.data === undefined ? this.#status() : nothing}
      </header>
      ${this.#body()}
    </section>`;
  }

  #status(): TemplateResult | typeof nothing {
    const { job, done } = this.feed;
    const { words } = this.locale;
    if (job === undefined) return nothing;
    if (isUnended(job)) {
      const ratio = job.progress?.ratio;
      return html`<span class="status" role="status"
        >${words.state[job.state]}${
          ratio === undefined ? nothing : html` ${progressBar(ratio, words, this.locale)}`
        }</span
      >`;
    }
    const at = done?.finishedAt;
    return at === undefined
      ? nothing
      : html`<span class="quiet status">${words.from(formatAge(at, this.feed.now, this.locale))}</span>`;
  }

  #body(): TemplateResult {
    const { words } = this.locale;
    if (this.data !== undefined) return this.show(this.data, undefined);
    return whenReady(this.feed, words, (job) => this.#job(job));
  }

  #job(job: Job | undefined): TemplateResult {
    const { words } = this.locale;
    const { done } = this.feed;
    if (job === undefined) {
      return html`<div class="note"><slot name="empty">${words.never(this.type)}</slot></div>`;
    }
    const failure =
      job.error === undefined ? nothing : html`<p class="note">${job.error.message} <code>${job.error.code}</code></p>`;
    const running = isUnended(job) ? this.progress(job) : nothing;
    const result = done?.result === undefined ? undefined : this.read(done.result);
    const shown =
      result === undefined
        ? html`<p class="note">${done?.result === undefined ? words.notYet : words.unreadable}</p>`
        : this.show(result, done);
    return html`${failure} ${running === nothing ? shown : running}`;
  }
}
