import { html } from 'lit';
import type { TemplateResult } from 'lit';
import { formatValue } from '../../chart/units.ts';
import type { Locale } from '../../i18n/locale.ts';
import type { ModelWords } from '../../i18n/models/en.ts';

/** @param ratio  how far a job is, 0 to 1 */
export function progressBar(ratio: number, words: ModelWords, locale: Locale): TemplateResult {
  const label = words.percent(formatValue(ratio, 'ratio', locale));
  return html`<progress max="1" .value=${ratio} aria-label=${label}></progress>`;
}
