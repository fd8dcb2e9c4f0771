/** The samples as drawn, and what there is to say of them as a whole. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { formatTime } from '../../chart/age.ts';
import type { ChartView } from '../../chart/chart-view.ts';
import { formatValue } from '../../chart/units.ts';
import type { LocaleController } from '../../controllers/locale.ts';
import { chartToolWords } from '../../i18n/chart-tools/words.ts';
import type { Words } from '../../i18n/en.ts';

type Text = LocaleController<Words>;

/** Range, lowest, highest and latest of each line, and how many anomalies. */
export function summaryInWords(label: string, view: ChartView, text: Text): string {
  const { chart } = text.words;
  const tools = chartToolWords.in(text.lang);
  const lines = view.lines
    .filter(({ earlier }) => !earlier)
    .map(({ name, values, latest }) => {
      const known = values.filter((value) => !Number.isNaN(value));
      const [min, max] = [
        known.reduce((a, b) => Math.min(a, b), Infinity),
        known.reduce((a, b) => Math.max(a, b), -Infinity),
      ];
      const say = (value: number | undefined): string => formatValue(value, view.unit, text);
      return tools.extremes(name, say(min), say(max), say(latest));
    });
  const { length } = view.anomalies;
  const range = tools.rangeOf(formatTime(view.from, 'day', text), formatTime(view.to, 'day', text));
  return [`${label}, ${range}`, ...lines, length === 0 ? chart.noAnomaly : chart.anomalies(length)].join('; ');
}

const tableRows = 25;

/** The samples as drawn, newest first, a page at a time. */
export function table(
  label: string,
  { times, lines, unit, to, from }: ChartView,
  page: number,
  turn: (page: number) => void,
  text: Text,
): TemplateResult {
  const { chart } = text.words;
  const tools = chartToolWords.in(text.lang);
  const first = times.length - 1 - page * tableRows;
  const rows = Array.from({ length: Math.min(tableRows, first + 1) }, (_, i) => first - i);
  const shape = to - from > 43_200_000 ? 'full' : 'seconds';
  const last = Math.ceil(times.length / tableRows) - 1;
  return html`<div class="table" part="table" role="region" tabindex="0" aria-label=${chart.asTable(label)}>
      <table>
        <thead>
          <tr>
            <th scope="col">${tools.time}</th>
            ${lines.map(
              ({ name, earlier }) => html`<th scope="col">${earlier ? `${name} (${tools.earlier})` : name}</th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (index) =>
              html`<tr>
                <th scope="row">${formatTime(times[index] ?? 0, shape, text)}</th>
                ${lines.map(({ values }) => html`<td>${formatValue(values[index], unit, text)}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${
      last < 1
        ? nothing
        : html`<div class="pages">
            <button class="button" type="button" ?disabled=${page === 0} @click=${() => turn(page - 1)}>
              ${tools.newer}
            </button>
            <span class="quiet">${tools.page(page * tableRows + 1, page * tableRows + rows.length, times.length)}</span>
            <button class="button" type="button" ?disabled=${page >= last} @click=${() => turn(page + 1)}>
              ${tools.older}
            </button>
          </div>`
    }`;
}
