/** How numbers of a unit are written: one scale for a whole axis, the best one for a single value. */
import { scaleFor } from '@tarsier/protocol/unit-scale';
import type { Scale } from '@tarsier/protocol/unit-scale';
import type { Locale } from '../i18n/locale.ts';
import { browserLocale, cachedFormat } from '../i18n/locale.ts';
import { words } from '../i18n/words.ts';

export { rateUnit, scaleFor } from '@tarsier/protocol/unit-scale';
export type { Scale } from '@tarsier/protocol/unit-scale';

/** Digits after the point: at an axis no more have room, and doubles have no more. */
const readableFraction = 5;
const mostFraction = 15;
/** Of single values: what is smaller is written as `4.1E-5`, and what is no more than the error of doubles as 0. */
const leastPlain = 0.0001;
const leastShown = 1e-12;
/** Of bytes, which are whole: what is less is the rounding of large ones that were subtracted. */
const leastBytes = 0.0005;

/** With the sign that is as wide as a digit, in the place of a hyphen. */
export function withMinus(text: string): string {
  return text.replaceAll('-', '\u2212');
}

/** A single value with its unit, 3 significant digits, 2 of small ones: `12.3 GiB`, `4.07 %`, `0.041`. Not a number: `no data`. */
export function formatValue(value: number | undefined, unit: string, locale: Locale = browserLocale): string {
  if (value === undefined || !Number.isFinite(value)) return words.in(locale.lang).noData;
  const size = Math.abs(value);
  const isNothing = size < leastBytes && unit.split('/')[0] === 'bytes';
  return formatScaled(isNothing ? 0 : value, scaleFor(unit, size), locale);
}

/** The same, but counts are written as such: six, not 6.00. */
export function formatFigure(value: number | undefined, unit: string, locale: Locale = browserLocale): string {
  return unit === '' && Number.isInteger(value) ? withMinus(String(value)) : formatValue(value, unit, locale);
}

/** A value in a scale chosen for its neighbours. */
export function formatScaled(value: number, { divisor, suffix }: Scale, locale: Locale = browserLocale): string {
  const scaled = value / divisor;
  const size = Math.abs(scaled);
  if (size >= leastPlain || size < leastShown) {
    const digits = size >= 99.95 || size < leastShown ? 0 : size >= 9.995 ? 1 : size >= 0.0995 ? 2 : smallDigits(size);
    return `${formatNumber(scaled, digits, digits, locale)}${suffix}`;
  }
  return `${formatNumber(scaled, 0, 1, locale, 'scientific')}${suffix}`;
}

/** Two that count. */
function smallDigits(size: number): number {
  return 1 - Math.floor(Math.log10(size));
}

function formatNumber(
  value: number,
  least: number,
  most: number,
  locale: Locale,
  notation: 'standard' | 'scientific' = 'standard',
): string {
  const format = cachedFormat(
    locale,
    `number ${notation} ${least} ${most}`,
    () =>
      new Intl.NumberFormat(locale.lang, {
        notation,
        minimumFractionDigits: least,
        maximumFractionDigits: most,
        // No sign before a 0.
        signDisplay: 'negative',
      }),
  );
  return withMinus(format.format(value));
}

/** How many of something: `12,345`. */
export function formatCount(value: number, locale: Locale = browserLocale): string {
  return cachedFormat(locale, 'count', () => new Intl.NumberFormat(locale.lang)).format(value);
}

/**
 * Axis numbers need no more digits than their step has; those that would be zeros for the most part are `5E-7`.
 *
 * @param step  0 where they have none in common, as on a logarithmic axis: each is written by its own size
 */
export function axisFormat(scale: Scale, step: number, locale: Locale = browserLocale): (value: number) => string {
  if (step === 0) return (value) => axisFormat(scale, value || 1, locale)(value);
  const scaledStep = step / scale.divisor;
  const fraction = Math.max(0, Math.min(mostFraction, -Math.floor(Math.log10(scaledStep) + 1e-9)));
  // 2.5 has one digit more than its magnitude says.
  const extra = Math.abs(scaledStep * 10 ** fraction - Math.round(scaledStep * 10 ** fraction)) > 1e-6 ? 1 : 0;
  const digits = fraction + extra;
  return (value) => {
    const scaled = value / scale.divisor;
    const magnitude = Math.floor(Math.log10(Math.abs(scaled)) + 1e-9);
    const tiny = fraction > readableFraction && magnitude < -4 && Math.abs(scaled) > scaledStep / 2;
    const written = tiny
      ? formatNumber(scaled, 0, Math.max(0, magnitude + digits), locale, 'scientific')
      : formatNumber(scaled, 0, digits, locale);
    return `${written}${scale.suffix}`;
  };
}
