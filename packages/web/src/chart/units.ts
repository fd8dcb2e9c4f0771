/** How numbers of a unit are written: one scale for a whole axis, the best one for a single value. */
import type { Locale } from '../i18n/locale.ts';
import { browserLocale, cachedFormat } from '../i18n/locale.ts';
import { words } from '../i18n/words.ts';

export interface Scale {
  /** What a value is divided by before it is written. */
  readonly divisor: number;
  /** What follows the number, space included. */
  readonly suffix: string;
}

const binaryPrefixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'];
const decimalPrefixes = ['', 'k', 'M', 'G', 'T', 'P'];
const nbsp = '\u00a0';
const minus = '\u2212';

const seconds: readonly Scale[] = [
  { divisor: 1e-6, suffix: `${nbsp}µs` },
  { divisor: 1e-3, suffix: `${nbsp}ms` },
  { divisor: 1, suffix: `${nbsp}s` },
  { divisor: 60, suffix: `${nbsp}min` },
  { divisor: 3600, suffix: `${nbsp}h` },
  { divisor: 86_400, suffix: `${nbsp}d` },
];

/** The unit of a per-second rate: `bytes` becomes `bytes/s`, a plain count `/s`. */
export function rateUnit(unit: string): string {
  return `${unit}/s`;
}

/**
 * The scale in which `largest` reads best.
 *
 * @param unit  OpenMetrics base unit (`bytes`, `seconds`, `ratio`, …), '' for counts, either with `/s` after it
 * @param largest  absolute value
 */
export function scaleFor(unit: string, largest: number): Scale {
  if (unit === 'ratio') return { divisor: 0.01, suffix: `${nbsp}%` };
  if (unit === 'seconds') {
    return seconds.findLast(({ divisor }) => largest >= divisor * 0.9995) ?? { divisor: 1, suffix: `${nbsp}s` };
  }
  const [base = '', ...rest] = unit.split('/');
  const per = rest.length > 0 ? `/${rest.join('/')}` : '';
  if (base === 'bytes') {
    const power = powerOf(1024, largest);
    return { divisor: 1024 ** power, suffix: `${nbsp}${binaryPrefixes[power] ?? ''}B${per}` };
  }
  const power = powerOf(1000, largest);
  const word = `${decimalPrefixes[power] ?? ''}${base === 'celsius' ? '°C' : base === 'hertz' ? 'Hz' : base}${per}`;
  return { divisor: 1000 ** power, suffix: word === '' ? '' : `${nbsp}${word}` };
}

/** A single value with its unit, 3 significant digits: `12.3 GiB`, `4.07 %`. Not a number: `no data`. */
export function formatValue(value: number | undefined, unit: string, locale: Locale = browserLocale): string {
  if (value === undefined || !Number.isFinite(value)) return words.in(locale.lang).noData;
  return formatScaled(value, scaleFor(unit, Math.abs(value)), locale);
}

/** A value in a scale chosen for its neighbours. */
export function formatScaled(value: number, { divisor, suffix }: Scale, locale: Locale = browserLocale): string {
  const scaled = value / divisor;
  const size = Math.abs(scaled);
  const digits = size >= 99.95 || size < 0.0005 ? 0 : size >= 9.995 ? 1 : size >= 0.0995 ? 2 : 3;
  return `${formatNumber(scaled, digits, digits, locale)}${suffix}`;
}

function formatNumber(value: number, least: number, most: number, locale: Locale): string {
  const format = cachedFormat(
    locale,
    `number ${least} ${most}`,
    () => new Intl.NumberFormat(locale.lang, { minimumFractionDigits: least, maximumFractionDigits: most }),
  );
  return format.format(value).replace('-', minus);
}

/** Axis numbers need no more digits than their step has. */
export function axisFormat(scale: Scale, step: number, locale: Locale = browserLocale): (value: number) => string {
  const scaledStep = step / scale.divisor;
  const fraction = Math.max(0, Math.min(4, -Math.floor(Math.log10(scaledStep) + 1e-9)));
  // 2.5 has one digit more than its magnitude says.
  const extra = Math.abs(scaledStep * 10 ** fraction - Math.round(scaledStep * 10 ** fraction)) > 1e-6 ? 1 : 0;
  return (value) => `${formatNumber(value / scale.divisor, 0, fraction + extra, locale)}${scale.suffix}`;
}

function powerOf(base: number, largest: number): number {
  if (!(largest >= base)) return 0;
  return Math.min(5, Math.floor(Math.log(largest * 1.0005) / Math.log(base)));
}
