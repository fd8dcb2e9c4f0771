/** What is said of the point below the cursor. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { formatTime } from '../../chart/age.ts';
import type { ChartLine, ChartView } from '../../chart/chart-view.ts';
import { formatValue } from '../../chart/units.ts';
import type { LocaleController } from '../../controllers/locale.ts';
import type { Words } from '../../i18n/en.ts';
import { chartIcons as icons } from '../../styles/chart-icons.ts';

type Text = LocaleController<Words>;

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
