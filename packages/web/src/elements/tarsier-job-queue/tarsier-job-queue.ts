import type { JobQueueResponse, JobSchedule } from '@tarsier/protocol/api';
import { html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { formatMoment } from '../../chart/age.ts';
import { asking } from '../../controllers/asked.ts';
import { jobChanges } from '../../controllers/job-feed.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { resultStyles } from '../result.styles.ts';
import { tableStyles } from '../table.styles.ts';
import { whenReady } from '../when-ready.ts';
import { modelWords } from '../../i18n/models/words.ts';
import { base, tokens } from '../../styles/tokens.ts';

const pollMs = 5_000;

/**
 * What waits and runs, how much may, and what is submitted by the clock.
 *
 * @csspart queue
 * @csspart schedules
 */
export class TarsierJobQueue extends LitElement {
  static override styles = [tokens, base, resultStyles, tableStyles];

  /** The title. */
  @property() label = '';
  /** A queue from elsewhere, in the place of a collector's. */
  @property({ attribute: false }) data: JobQueueResponse | undefined;

  readonly #locale = new LocaleController(this, modelWords);
  readonly #queue = asking(
    this,
    () => (this.data === undefined ? '/v1/jobs/queue' : undefined),
    () => pollMs,
    jobChanges,
  );
  readonly #schedules = asking(
    this,
    () => (this.data === undefined ? '/v1/job-schedules' : undefined),
    () => 4 * pollMs,
  );

  override render(): TemplateResult {
    const { words } = this.#locale;
    return html`<section class="card result" part="queue" aria-labelledby="queue">
      <h3 id="queue">${this.label || words.page.queue}</h3>
      ${this.data === undefined ? whenReady(this.#queue, words, (queue) => this.#lanes(queue)) : this.#lanes(this.data)}
      ${
        this.data !== undefined || this.#queue.state.kind !== 'ready'
          ? nothing
          : html`<h4>${words.page.schedules}</h4>
              ${whenReady(this.#schedules, words, ({ schedules }, now) => this.#scheduled(schedules, now))}`
      }
    </section>`;
  }

  #lanes({ lanes, weight, workers, slots }: JobQueueResponse): TemplateResult {
    const { words } = this.#locale;
    const { page: text } = words;
    return html`<dl class="figures">
        ${[
          [text.weight, weight],
          [text.workers, workers],
          [text.places, slots],
        ].map(
          ([name, value]) =>
            html`<div>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
      </dl>
      <div class="scroll" tabindex="0" role="region" aria-label=${words.numbers}>
        <table>
          <thead>
            <tr>
              ${[words.jobs.type, text.waiting, text.running, text.atMost].map(
                (name) => html`<th scope="col">${name}</th>`,
              )}
            </tr>
          </thead>
          <tbody>
            ${lanes.map(
              ({ type, waiting, running, maxRunning, paused }) =>
                html`<tr>
                  <th scope="row">${type === '*' ? words.jobs.all : type}</th>
                  <td>${waiting}</td>
                  <td>${running}</td>
                  <td>${paused ? text.paused : (maxRunning ?? text.unlimited)}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>`;
  }

  #scheduled(schedules: readonly JobSchedule[], now: number): TemplateResult {
    const { words } = this.#locale;
    if (schedules.length === 0) return html`<p class="note">${words.page.noSchedule}</p>`;
    return html`<ul part="schedules">
      ${schedules.map(
        ({ name, type, cron, timeZone, nextAt }) =>
          html`<li>
            <b>${name}</b> ${type} <code>${cron}</code> <span class="quiet">${timeZone}</span>
            ${nextAt === null ? '' : `${words.page.next}: ${formatMoment(nextAt, now, this.#locale)}`}
          </li>`,
      )}
    </ul>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-job-queue': TarsierJobQueue;
  }
}
