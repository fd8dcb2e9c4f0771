import type { Answer, LedgerHour } from '@tarsier/protocol/api';
import { css, html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { formatMoment, formatTime } from '../../chart/age.ts';
import { formatCount } from '../../chart/units.ts';
import { appWords } from '../../app/words/words.ts';
import { AskedController } from '../../controllers/asked.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { tableStyles } from '../../elements/table.styles.ts';
import { base, tokens } from '../../styles/tokens.ts';

type Ledger = Answer<'GET /v1/hosts/{host}/ledger'>;

/** Agents tell once a minute. */
const pollMs = 60_000;
const hourMs = 3_600_000;

/** What became of each sample of a host in the last day: that it adds up, or where it does not. */
export class HostLedger extends LitElement {
  static override styles = [
    tokens,
    base,
    tableStyles,
    css`
      details {
        padding: 12px 16px;
      }
      summary {
        min-height: 24px;
        cursor: pointer;
        font-weight: 500;
      }
      .fault {
        color: var(--_critical);
      }
      .scroll {
        margin-top: 10px;
      }
      td.text {
        min-width: 200px;
      }
      tbody th {
        white-space: nowrap;
      }
    `,
  ];

  /** The host's name. */
  @property() host = '';

  readonly #locale = new LocaleController(this, appWords);
  readonly #ledger = new AskedController<Ledger>(
    this,
    () => (this.host === '' ? undefined : `/v1/hosts/${encodeURIComponent(this.host)}/ledger`),
    () => pollMs,
  );

  override render(): TemplateResult | typeof nothing {
    const { state } = this.#ledger;
    // Hosts of other senders have no account, and who may not see it sees the rest.
    if (state.kind !== 'ready' || state.value.state === 'unaccounted') return nothing;
    const { ledger: words } = this.#locale.words;
    const { hours, through, state: whole } = state.value;
    // What agents took they tell once a minute, and what is stored is known at once: before an hour is told of to its end
    // the two are of different times.
    const told = hours.filter((hour) => hour.state !== 'open' && hour.state !== 'unaccounted');
    const sum = (of: (hour: LedgerHour) => number): string =>
      formatCount(
        told.reduce((all, one) => all + of(one), 0),
        this.#locale,
      );
    return html`<details class="card" ?open=${whole === 'fault'}>
      <summary>
        ${words.title}: <span class=${whole === 'fault' ? 'fault' : ''}>${words.whole[whole]}</span>
        <span class="quiet"
          >${
            told.length === 0
              ? hours.some((hour) => hour.state === 'open' && this.#isOver(hour))
                ? words.untold
                : words.tooEarly
              : words.sums(sum(takenOf), sum(storedOf), sum(droppedOf), sum(waitingOf), told.length)
          }</span
        >
      </summary>
      <div class="scroll" tabindex="0" role="group" aria-label=${words.title}>
        <table>
          <thead>
            <tr>
              <th scope="col">${words.hour}</th>
              <th scope="col">${words.taken}</th>
              <th scope="col">${words.stored}</th>
              <th scope="col">${words.dropped}</th>
              <th scope="col">${words.waiting}</th>
              <th scope="col" class="text">${words.state}</th>
            </tr>
          </thead>
          <tbody>
            ${hours.toReversed().map((hour) => this.#row(hour, through))}
          </tbody>
        </table>
      </div>
    </details>`;
  }

  #now(): number {
    return this.#ledger.source?.now() ?? Date.now();
  }

  /** By the clock: the hour in which a host died is over, and stays open. */
  #isOver({ hour }: LedgerHour): boolean {
    return hour + hourMs <= this.#now();
  }

  #row(hour: LedgerHour, through: number | undefined): TemplateResult {
    const { ledger: words } = this.#locale.words;
    const notes = [
      ...(hour.why === undefined ? [] : [hour.why]),
      ...Object.entries(hour.dropped).map(([reason, samples]) => `${formatCount(samples, this.#locale)} ${reason}`),
      ...(hour.crashes === 0 ? [] : [words.crashes(hour.crashes)]),
    ];
    return html`<tr>
      <th scope="row">${formatTime(hour.hour, 'day', this.#locale)}</th>
      <td>${formatCount(hour.taken, this.#locale)}</td>
      <td>${formatCount(hour.stored, this.#locale)}</td>
      <td>${formatCount(droppedOf(hour), this.#locale)}</td>
      <td>${formatCount(hour.waiting, this.#locale)}</td>
      <td class="text ${hour.state === 'fault' ? 'fault' : ''}">
        ${hour.state === 'open' && this.#isOver(hour) ? words.untold : words.states[hour.state]}${
          hour.state === 'open' && through !== undefined
            ? `: ${words.toldUntil(formatMoment(through, this.#now(), this.#locale))}`
            : nothing
        }${notes.length === 0 ? nothing : html` <small>(${notes.join('; ')})</small>`}
      </td>
    </tr>`;
  }
}

const takenOf = ({ taken }: LedgerHour): number => taken;
const storedOf = ({ stored }: LedgerHour): number => stored;
const waitingOf = ({ waiting }: LedgerHour): number => waiting;
const droppedOf = ({ dropped }: LedgerHour): number => Object.values(dropped).reduce((all, one) => all + one, 0);

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-host-ledger': HostLedger;
  }
}
