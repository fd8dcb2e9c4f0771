/** The parts of a chart that are not canvas. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { formatDuration, formatMoment } from '../../chart/age.ts';
import type { ChartView } from '../../chart/chart-view.ts';
import { formatValue } from '../../chart/units.ts';
import type { LocaleController } from '../../controllers/locale.ts';
import type { SourceError } from '../../data/source.ts';
import type { TimeRange } from '../../data/time-range.ts';
import type { Words } from '../../i18n/en.ts';
import { chartIcons as icons } from '../../styles/chart-icons.ts';

type Text = LocaleController<Words>;

/** What stands in the place of the lines. */
export type ChartNote =
  | { readonly kind: 'loading' | 'empty' | 'unasked' | 'no-provider' | 'signed-out' | 'token-refused' | 'offline' }
  | { readonly kind: 'error'; readonly error: SourceError };

export function note(state: ChartNote, range: TimeRange, now: number, text: Text, retry: () => void): TemplateResult {
  const { words } = text;
  switch (state.kind) {
    case 'loading':
      return html`<div class="note skeleton" aria-busy="true">${words.loading}</div>`;
    case 'empty':
      return html`<div class="note">
        <slot name="empty"
          >${
            range.kind === 'last'
              ? words.chart.empty(formatDuration(range.ms))
              : words.chart.emptyBetween(formatMoment(range.from, now, text), formatMoment(range.to, now, text))
          }</slot
        >
      </div>`;
    case 'offline':
      return html`<div class="note">${words.chart.offline}</div>`;
    case 'signed-out':
      return html`<div class="note">${words.signedOut}</div>`;
    case 'unasked':
      return html`<div class="note">${words.nothingChosen}</div>`;
    case 'token-refused':
      return html`<div class="note">${words.tokenRefused}</div>`;
    case 'no-provider':
      return html`<div class="note">${words.noProvider}</div>`;
    case 'error': {
      const { code, message } = state.error;
      // What a token may not see is no fault, and asking again changes nothing.
      if (code === 'auth/scope' || code === 'auth/view') return html`<div class="note">${words.chart.denied}</div>`;
      return html`<div class="note">
        <slot name="error"><strong>${words.cannotShow}</strong><span>${message}</span><code>${code}</code></slot>
        <button class="button" type="button" @click=${retry}>${words.tryAgain}</button>
      </div>`;
    }
  }
}

export function badges(view: ChartView, failed: number, queries: number, now: number, { words }: Text) {
  const { anomalies, stale, newest } = view;
  const partial =
    failed === 0 || failed >= queries
      ? nothing
      : html`<span class="badge stale" role="status">${icons.warning}${words.chart.partial(failed, queries)}</span>`;
  if (stale && newest !== undefined) {
    return html`${partial}<span class="badge stale">${icons.stale}${words.old(formatDuration(now - newest))}</span>`;
  }
  if (anomalies.length === 0) return partial;
  const ongoing = anomalies.some(({ end }) => end === undefined);
  const count = words.chart.anomalies(anomalies.length);
  return html`${partial}<span class="badge anomaly"
      >${icons.warning}${ongoing ? words.chart.ongoing(count) : count}</span
    >`;
}

/** What stands in the legend's values, in its order: put there without rendering, for they change with each sample. */
export function legendValues({ lines, unit }: ChartView, index: number | undefined, text: Text): readonly string[] {
  return lines
    .filter(({ earlier }) => !earlier)
    .map(({ latest, values }) => formatValue(index === undefined ? latest : values[index], unit, text));
}

export function legend(
  { lines, hidden }: ChartView,
  off: ReadonlySet<string>,
  toggle: (signature: string, alone: boolean) => void,
  text: Text,
): TemplateResult {
  const { chart } = text.words;
  return html`<ul class="legend" part="legend" aria-label=${chart.lines}>
    ${lines
      .filter(({ earlier }) => !earlier)
      .map(
        ({ signature, name, slot }) =>
          html`<li part="legend-item">
            <button
              type="button"
              aria-pressed=${off.has(signature) ? 'false' : 'true'}
              title=${name}
              @click=${(event: MouseEvent) => toggle(signature, event.ctrlKey || event.metaKey)}
            >
              <span class="swatch slot-${slot}"></span><span class="name">${name}</span><span class="value"></span>
            </button>
          </li>`,
      )}
    ${hidden === 0 ? nothing : html`<li class="others quiet">${chart.others(hidden)}</li>`}
  </ul>`;
}
