/** Numbers as Prometheus's templates write them (template/template.go, v3). */
import { formatValue } from '../../query/language/number.ts';

/** `1.235k`, `35.91µ`. */
export function humanize(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return short(value);
  if (Math.abs(value) >= 1) return scaled(value, 1000, ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y']);
  let [rest, prefix] = [value, ''];
  for (const next of ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y']) {
    if (Math.abs(rest) >= 1) break;
    [rest, prefix] = [rest * 1000, next];
  }
  return `${short(rest)}${prefix}`;
}

export function humanize1024(value: number): string {
  if (Math.abs(value) <= 1 || !Number.isFinite(value)) return short(value);
  return scaled(value, 1024, ['', 'ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi']);
}

/** Seconds: `1d 10h 17m 36s`, `899ms`. */
export function humanizeDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return short(seconds);
  if (seconds === 0) return '0s';
  const magnitude = Math.abs(seconds);
  const sign = seconds < 0 ? '-' : '';
  if (magnitude < 1) {
    let [rest, prefix] = [seconds, ''];
    for (const next of ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y']) {
      if (Math.abs(rest) >= 1) break;
      [rest, prefix] = [rest * 1000, next];
    }
    return `${short(rest)}${prefix}s`;
  }
  if (magnitude < 60) return `${sign}${short(magnitude)}s`;
  const whole = Math.trunc(magnitude);
  const [s, m, h, d] = [
    whole % 60,
    Math.trunc(whole / 60) % 60,
    Math.trunc(whole / 3600) % 24,
    Math.trunc(whole / 86_400),
  ];
  if (d > 0) return `${sign}${d}d ${h}h ${m}m ${s}s`;
  return h > 0 ? `${sign}${h}h ${m}m ${s}s` : `${sign}${m}m ${s}s`;
}

export function humanizePercentage(ratio: number): string {
  return `${short(ratio * 100)}%`;
}

/** Unix seconds as Go writes a time. */
export function humanizeTimestamp(seconds: number): string {
  if (!Number.isFinite(seconds)) return short(seconds);
  return `${new Date(seconds * 1000)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.?0*Z$/u, '')} +0000 UTC`;
}

function scaled(value: number, base: number, prefixes: readonly string[]): string {
  let [rest, index] = [value, 0];
  while (Math.abs(rest) >= base && index < prefixes.length - 1) {
    rest /= base;
    index++;
  }
  return `${short(rest)}${prefixes[index] ?? ''}`;
}

/** As Go's `%.4g`. */
export function short(value: number): string {
  return general(value, 4);
}

/** As Go's `%.<digits>g`. */
export function general(value: number, digits: number): string {
  if (!Number.isFinite(value) || value === 0) return formatValue(value);
  const exponent = Math.floor(Math.log10(Math.abs(Number(value.toExponential(digits - 1)))));
  if (exponent >= -4 && exponent < digits) return String(Number(value.toPrecision(digits)));
  const [mantissa = '', power = ''] = value.toExponential(digits - 1).split('e');
  return `${Number(mantissa)}e${power[0] ?? '+'}${power.slice(1).padStart(2, '0')}`;
}
