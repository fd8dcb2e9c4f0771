const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };
const defaultMs = 300_000;
/** As much as a collector's live feed offers. */
const longestMs = 3_600_000;

/** `30s`, `5m`, `1h` as milliseconds, an hour at most; five minutes when it cannot be read. */
export function parseWindow(text: string): number {
  const [, count = '', unit = ''] = /^\s*(\d{1,5})\s*([smh])\s*$/u.exec(text) ?? [];
  const ms = Number(count) * (unitMs[unit] ?? 0);
  return ms > 0 ? Math.min(ms, longestMs) : defaultMs;
}
