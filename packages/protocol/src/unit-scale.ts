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

const seconds: readonly Scale[] = [
  { divisor: 1e-9, suffix: `${nbsp}ns` },
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

function powerOf(base: number, largest: number): number {
  if (!(largest >= base)) return 0;
  return Math.min(5, Math.floor(Math.log(largest * 1.0005) / Math.log(base)));
}
