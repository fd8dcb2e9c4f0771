/** The parts of a chart that are not canvas. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { formatDuration, formatMoment, formatTime } from '../../chart/age.ts';
import type { ChartLine, ChartView } from '../../chart/chart-view.ts';
import { formatValue } from '../../chart/units.ts';
import type { LocaleController } from '../../controllers/locale.ts';
import type { SourceError } from '../../data/source.ts';
import type { TimeRange } from '../../data/time-range.ts';
import type { Words } from '../../i18n/en.ts';
import { icons } from '../../styles/icons.ts';

type Text = LocaleController<Words>;

/** What stands in the place of the lines. */
export type ChartNote =
  | { readonly kind: 'loading' | 'empty' | 'no-provider' | 'signed-out' | 'offline' }
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
    ${repeat(
      lines.filter(({ earlier }) => !earlier),
      ({ signature }) => signature,
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

/** `+12 %`, with a word for who does not see the sign's colour; '' when nothing was there before. */
function delta(value: number, before: number): string {
  if (Number.isNaN(before) || before === 0) return '';
  const percent = Math.round(((value - before) / Math.abs(before)) * 100);
  return `${percent > 0 ? '+' : percent < 0 ? '\u2212' : '±'}${Math.abs(percent)}\u00a0%`;
}

export function tooltip(view: ChartView, index: number, off: ReadonlySet<string>, text: Text): TemplateResult {
  const time = view.times[index] ?? 0;
  const near = (view.end - view.from) / 100;
  const odd = view.anomalies.filter(({ start, end = view.to }) => start <= time && time <= end);
  const marked = view.markers.filter((marker) => Math.abs(marker.time - time) <= near);
  const rows = view.lines
    .filter(({ signature, earlier, values }) => !earlier && !off.has(signature) && !Number.isNaN(values[index] ?? NaN))
    .toSorted((a, b) => (b.values[index] ?? 0) - (a.values[index] ?? 0));
  return html`<div class="tooltip" part="tooltip" aria-hidden="true">
    <div class="quiet">${formatTime(time, view.to - view.from > 43_200_000 ? 'full' : 'seconds', text)}</div>
    ${rows.map((line) => {
      const value = line.values[index] ?? NaN;
      const before = earlierValue(view, line, index);
      return html`<div class="row">
        <span class="swatch slot-${line.slot}"></span><span>${line.name}</span
        ><span
          >${formatValue(value, view.unit, text)}${
            before === undefined ? nothing : html` <span class="quiet">${delta(value, before)}</span>`
          }</span
        >
      </div>`;
    })}
    ${odd.map(({ reason }) => html`<div class="badge anomaly">${icons.warning}<span>${reason}</span></div>`)}
    ${marked.map(
      ({ kind, text: what }) =>
        html`<div class="badge anomaly">${kind === 'alert' ? icons.alerts : icons.anomalies}<span>${what}</span></div>`,
    )}
  </div>`;
}

/** What the same line was before, at the nearest earlier sample; undefined where nothing is compared. */
function earlierValue({ lines }: ChartView, { signature }: ChartLine, index: number): number | undefined {
  const values = lines.find((line) => line.signature === `${signature}\nearlier`)?.values;
  if (values === undefined) return undefined;
  for (let i = index; i >= Math.max(0, index - 6); i--) {
    const value = values[i];
    if (value !== undefined && !Number.isNaN(value)) return value;
  }
  return undefined;
}

/** The point in words, for the live region. @param only  one line instead of all */
export function pointInWords(view: ChartView, index: number, only: number | undefined, text: Text): string {
  const { chart } = text.words;
  const time = view.times[index] ?? 0;
  const lines = view.lines.filter(({ earlier }, i) => !earlier && (only === undefined || i === only));
  const values = lines.map(({ name, values: column }) => `${name} ${formatValue(column[index], view.unit, text)}`);
  const odd = view.anomalies.find(({ start, end = view.to }) => start <= time && time <= end);
  const marked = view.markers.find((marker) => Math.abs(marker.time - time) <= (view.end - view.from) / 200);
  return [
    formatTime(time, 'seconds', text),
    ...values,
    ...(odd === undefined ? [] : [chart.anomalous(odd.reason)]),
    ...(marked === undefined ? [] : [marked.text]),
  ].join(', ');
}
