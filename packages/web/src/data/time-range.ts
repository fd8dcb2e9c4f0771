import type { UnixMs } from '@tarsier/protocol';

/** What a chart shows: the last stretch of time, moving, or a fixed one. */
export type TimeRange =
  | { readonly kind: 'last'; readonly ms: number }
  | { readonly kind: 'fixed'; readonly from: UnixMs; readonly to: UnixMs };

export interface Span {
  readonly from: UnixMs;
  readonly to: UnixMs;
}

const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const longestMs = 400 * 86_400_000;
const shortestMs = 1000;

/** `30s`, `5m`, `1h`, `7d`, `4w` as milliseconds; undefined when it is none, or is longer than 400 days. */
export function parseDuration(text: string): number | undefined {
  const [, count = '', unit = ''] = /^\s*(\d{1,6})\s*([smhdw])\s*$/u.exec(text) ?? [];
  const ms = Number(count) * (unitMs[unit] ?? 0);
  return ms > 0 && ms <= longestMs ? ms : undefined;
}

/** The shortest text that {@link parseDuration} reads back: `90s`, `15m`, `7d`. */
export function durationText(ms: number): string {
  const whole = Math.max(shortestMs, Math.round(ms / 1000) * 1000);
  const unit = ['d', 'h', 'm', 's'].find((candidate) => whole % (unitMs[candidate] ?? 1) === 0) ?? 's';
  return `${whole / (unitMs[unit] ?? 1)}${unit}`;
}

/**
 * `15m`, `now-6h..now`, or two times with `..` or `/` between: ISO 8601 or Unix ms. Undefined when it is none of
 * these, or ends before it starts.
 */
export function parseRange(text: string): TimeRange | undefined {
  const last = parseDuration(text) ?? parseDuration(/^now-(\w+)\.\.now$/u.exec(text.trim())?.[1] ?? '');
  if (last !== undefined) return { kind: 'last', ms: last };
  const parts = text.split(/\.\.|\//u);
  if (parts.length !== 2) return undefined;
  const [from = NaN, to = NaN] = parts.map(parseTime);
  return to - from >= shortestMs && to - from <= longestMs ? { kind: 'fixed', from, to } : undefined;
}

function parseTime(text: string): UnixMs {
  const trimmed = text.trim();
  return /^\d{10,14}$/u.test(trimmed) ? Number(trimmed) : Date.parse(trimmed);
}

/** What {@link parseRange} reads back, for addresses: always absolute times where the range is fixed. */
export function rangeText(range: TimeRange): string {
  if (range.kind === 'last') return durationText(range.ms);
  return `${new Date(range.from).toISOString()}/${new Date(range.to).toISOString()}`;
}

export function spanOf(range: TimeRange, now: UnixMs): Span {
  return range.kind === 'last' ? { from: now - range.ms, to: now } : range;
}

/** Moved by a part of its length, and no further than now: what reaches it is live again. */
export function panned(range: TimeRange, part: number, now: UnixMs): TimeRange {
  const { from, to } = spanOf(range, now);
  const shift = (to - from) * part;
  if (to + shift >= now) return { kind: 'last', ms: to - from };
  return { kind: 'fixed', from: from + shift, to: to + shift };
}

/**
 * Longer (`factor` above 1) or shorter around a time, which keeps its place. A live range stays live when only its
 * length changes at its right edge.
 */
export function zoomed(range: TimeRange, factor: number, at: UnixMs | undefined, now: UnixMs): TimeRange {
  const { from, to } = spanOf(range, now);
  const ms = Math.min(longestMs, Math.max(shortestMs * 10, (to - from) * factor));
  if (range.kind === 'last' && at === undefined) return { kind: 'last', ms };
  const centre = at ?? (from + to) / 2;
  const start = centre - ((centre - from) / (to - from)) * ms;
  return start + ms >= now && factor > 1 ? { kind: 'last', ms } : { kind: 'fixed', from: start, to: start + ms };
}
