/**
 * Names as Prometheus gives them to OpenTelemetry's metrics ("underscore escaping with suffixes"):
 * https://prometheus.io/docs/guides/opentelemetry/ and https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
import { toMetricName } from '../formats/names.ts';

/** UCUM to Prometheus's words. */
const units: Readonly<Record<string, string>> = {
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  TiBy: 'tibibytes',
  KBy: 'kilobytes',
  MBy: 'megabytes',
  GBy: 'gigabytes',
  TBy: 'terabytes',
  m: 'meters',
  V: 'volts',
  A: 'amperes',
  J: 'joules',
  W: 'watts',
  g: 'grams',
  Cel: 'celsius',
  Hz: 'hertz',
  '1': '',
  '%': 'percent',
};

const perUnits: Readonly<Record<string, string>> = {
  s: 'second',
  m: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  mo: 'month',
  y: 'year',
};

/** As OpenTelemetry's rules for instruments have them; what is longer is cut. */
const longestUnit = 63;
const longestName = 255;

/** What the name of a metric has to tell besides what it measures. */
export type NameKind = 'counter' | 'gauge' | 'distribution';

/** A unit in Prometheus's words: `By` is `bytes`, `m/s` is `meters_per_second`; '' for counts and ratios. */
export function prometheusUnit(unit: string): string {
  // Words in braces are remarks, as in {token}.
  const [main = '', per] = unit
    .slice(0, longestUnit)
    .replaceAll(/\{[^}]*\}/gu, '')
    .split('/', 2)
    .map((part) => part.trim());
  const mainWord = words(lookUp(units, main));
  const perWord = per === undefined ? '' : words(lookUp(perUnits, per));
  return [mainWord, ...(perWord === '' ? [] : ['per', perWord])].filter((word) => word !== '').join('_');
}

/** @returns undefined when the name has no letter or digit */
export function prometheusName(name: string, unit: string, kind: NameKind): string | undefined {
  const suffixes = [prometheusUnit(unit)];
  if (kind === 'gauge' && unit === '1') suffixes.push('ratio');
  let tokens = words(name.slice(0, longestName))
    .split('_')
    .filter((token) => token !== '');
  if (tokens.length === 0) return undefined;
  for (const suffix of suffixes) {
    const added = suffix.split('_').filter((token) => token !== '');
    if (!added.every((token) => tokens.includes(token))) tokens.push(...added);
  }
  // Always last, wherever it was.
  if (kind === 'counter') tokens = [...tokens.filter((token) => token !== 'total'), 'total'];
  return toMetricName(tokens.join('_'));
}

function lookUp(table: Readonly<Record<string, string>>, unit: string): string {
  return Object.hasOwn(table, unit) ? (table[unit] ?? '') : unit;
}

function words(text: string): string {
  return text.replaceAll(/[^a-zA-Z0-9:]+/gu, '_').replaceAll(/^_+|_+$/gu, '');
}
