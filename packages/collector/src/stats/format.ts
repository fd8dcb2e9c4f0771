/** A number as a person reads it: four significant digits, thousands as k, M, G, T. */
export function formatNumber(value: number): string {
  const magnitude = Math.abs(value);
  if (!Number.isFinite(value)) return String(value);
  const [divisor, suffix] =
    magnitude >= 1e12
      ? [1e12, 'T']
      : magnitude >= 1e9
        ? [1e9, 'G']
        : magnitude >= 1e6
          ? [1e6, 'M']
          : magnitude >= 1e4
            ? [1e3, 'k']
            : [1, ''];
  return `${Number((value / divisor).toPrecision(4))}${suffix}`;
}

/** Time of day in UTC, as in `10:02:11 UTC`. */
export function formatTime(unixMs: number): string {
  return `${new Date(unixMs).toISOString().slice(11, 19)} UTC`;
}

/** @returns how a metric's values are read: a share as `23.4 %`, any other as a number */
export function formatterOf(metric: string): (value: number) => string {
  return metric.endsWith('_ratio') ? formatPercent : formatNumber;
}

/** A share, in percent with three digits: 12.3 %. */
export function formatPercent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}
