import type { Words } from '../../i18n/en.ts';
import type { Locale } from '../../i18n/locale.ts';
import { cachedFormat } from '../../i18n/locale.ts';

/** `↑ up 12 %, worse`: an arrow, a word and a verdict, so that no colour is needed. '' where before was nothing. */
export function deltaInWords(
  value: number,
  before: number,
  better: 'up' | 'down' | '',
  words: Words['delta'],
  locale: Locale,
): string {
  if (!Number.isFinite(before) || before === 0 || !Number.isFinite(value)) return '';
  const ratio = (value - before) / Math.abs(before);
  const percent = cachedFormat(
    locale,
    'percent',
    () => new Intl.NumberFormat(locale.lang, { style: 'percent', maximumFractionDigits: 0 }),
  ).format(Math.abs(ratio));
  if (Math.abs(ratio) < 0.005) return words.same;
  const up = ratio > 0;
  const verdict = better === '' ? '' : `, ${(better === 'up') === up ? words.better : words.worse}`;
  return `${up ? `↑ ${words.up(percent)}` : `↓ ${words.down(percent)}`}${verdict}`;
}
