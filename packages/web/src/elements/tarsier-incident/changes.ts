import type { ChangesResponse, MetricChange } from '@tarsier/protocol/api';
import { seriesSignature } from '@tarsier/protocol/labels';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { formatDuration } from '../../chart/age.ts';
import { formatCount, formatValue, rateUnit } from '../../chart/units.ts';
import type { AlertWords } from '../../i18n/alerts/en.ts';
import type { Locale } from '../../i18n/locale.ts';

/** Which metrics changed when it began, the best match first. */
export function changesTable(
  { changes, start, hosts, seriesCompared, hostsLeftOut }: ChangesResponse,
  { words, locale }: { readonly words: AlertWords; readonly locale: Locale },
): TemplateResult {
  const { incident: text } = words;
  const about = html`<p class="quiet">
    ${text.changesOf(formatCount(seriesCompared, locale), hosts.join(', '))}${hostsLeftOut > 0 ? `; ${text.hostsLeftOut(hostsLeftOut)}` : ''}
  </p>`;
  if (changes.length === 0)
    return html`<p>${text.noChanges}</p>
      ${seriesCompared === 0 ? nothing : about}`;
  const percent = new Intl.NumberFormat(locale.lang, { style: 'percent' });
  // Where it is too narrow for columns they are no table by their styles, and browsers forget what the parts are.
  return html`<table role="table">
      <thead role="rowgroup">
        <tr role="row">
          <th scope="col" role="columnheader">${text.metric}</th>
          <th scope="col" role="columnheader" class="number">${text.before}</th>
          <th scope="col" role="columnheader" class="number">${text.after}</th>
          <th scope="col" role="columnheader">${text.when}</th>
          <th scope="col" role="columnheader" class="number">${text.score}</th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${changes.map((change) => {
          const unit = change.isRate ? rateUnit(change.unit) : change.unit;
          return html`<tr role="row">
            <th scope="row" role="rowheader">
              <code>${seriesSignature({ name: change.metric, labels: change.labels })}</code>
              ${note(change, words)}
            </th>
            <td role="cell" class="number" data-name=${text.before}>${formatValue(change.before, unit, locale)}</td>
            <td role="cell" class="number" data-name=${text.after}>
              ${change.after > change.before ? '↑' : '↓'} ${formatValue(change.after, unit, locale)}
            </td>
            <td role="cell" data-name=${text.when}>${lag(change.changedAt - start, words)}</td>
            <td role="cell" class="number" data-name=${text.score}>
              ${percent.format(change.score)}<meter min="0" max="1" value=${change.score} aria-hidden="true"></meter>
            </td>
          </tr>`;
        })}
      </tbody>
    </table>
    ${about}`;
}

function note({ alike, isAlert }: MetricChange, { incident: text }: AlertWords): TemplateResult | typeof nothing {
  const notes = [...(isAlert ? [text.isAlert] : []), ...(alike > 0 ? [text.alike(alike)] : [])];
  return notes.length === 0 ? nothing : html`<span class="quiet note">${notes.join(', ')}</span>`;
}

function lag(ms: number, { incident: text }: AlertWords): string {
  if (Math.abs(ms) < 10_000) return text.atOnce;
  return ms < 0 ? text.sooner(formatDuration(-ms)) : text.later(formatDuration(ms));
}
