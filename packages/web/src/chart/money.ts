import { browserLocale, cachedFormat } from '../i18n/locale.ts';
import type { Locale } from '../i18n/locale.ts';
import { withMinus } from './units.ts';

/**
 * USD as the collector writes them, decimal text, in the way of a locale: two digits after the point, and of less than
 * a cent the first two that are not zero.
 */
export function formatUsdText(text: string, locale: Locale = browserLocale): string {
  const amount = Number(text);
  const digits =
    amount !== 0 && Math.abs(amount) < 0.01 ? Math.min(9, 1 - Math.floor(Math.log10(Math.abs(amount)))) : 2;
  const format = cachedFormat(
    locale,
    `usd ${digits}`,
    () =>
      new Intl.NumberFormat(locale.lang, {
        style: 'currency',
        currency: 'USD',
        minimumFractionDigits: 2,
        maximumFractionDigits: digits,
      }),
  );
  return withMinus(format.format(amount));
}
