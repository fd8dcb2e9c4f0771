/** How numbers of a unit are written: one scale for a whole axis, the best one for a single value. */

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
export function formatValue(value: number | undefined, unit: string): string {
  if (value === undefined || !Number.isFinite(value)) return 'no data';
  return formatScaled(value, scaleFor(unit, Math.abs(value)));
}

/** A value in a scale chosen for its neighbours. */
export function formatScaled(value: number, { divisor, suffix }: Scale): string {
  const scaled = value / divisor;
  return `${digits(scaled)}${suffix}`;
}

const formats = new Map<number, Intl.NumberFormat>();

function digits(scaled: number): string {
  const size = Math.abs(scaled);
  const fraction = size >= 99.95 || size < 0.0005 ? 0 : size >= 9.995 ? 1 : size >= 0.0995 ? 2 : 3;
  let format = formats.get(fraction);
  if (format === undefined) {
    format = new Intl.NumberFormat(undefined, { maximumFractionDigits: fraction, minimumFractionDigits: fraction });
    formats.set(fraction, format);
  }
  return format.format(scaled).replace('-', minus);
}

/** Axis numbers need no more digits than their step has. */
export function axisFormat(scale: Scale, step: number): (value: number) => string {
  const scaledStep = step / scale.divisor;
  const fraction = Math.max(0, Math.min(4, -Math.floor(Math.log10(scaledStep) + 1e-9)));
  // 2.5 has one digit more than its magnitude says.
  const extra = Math.abs(scaledStep * 10 ** fraction - Math.round(scaledStep * 10 ** fraction)) > 1e-6 ? 1 : 0;
  const format = new Intl.NumberFormat(undefined, { maximumFractionDigits: fraction + extra });
  return (value) => `${format.format(value / scale.divisor).replace('-', minus)}${scale.suffix}`;
}

function powerOf(base: number, largest: number): number {
  if (!(largest >= base)) return 0;
  return Math.min(5, Math.floor(Math.log(largest * 1.0005) / Math.log(base)));
}
