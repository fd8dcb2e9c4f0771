import type { Span } from './query-error.ts';

/** Units of a duration in ms; a year is 365 days. */
const unitMs: readonly (readonly [unit: string, ms: number])[] = [
  ['y', 365 * 86_400_000],
  ['w', 7 * 86_400_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

const pattern = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/u;

/** `1h30m` in ms; units from large to small, each once. @returns undefined when it is none */
export function parseDuration(text: string): number | undefined {
  const counts = text === '' ? undefined : pattern.exec(text)?.slice(1);
  if (counts === undefined) return undefined;
  let sum = 0;
  for (const [index, count] of counts.entries()) {
    if (count !== undefined) sum += Number(count) * (unitMs[index]?.[1] ?? 0);
  }
  return sum;
}

/** In Prometheus's spelling: `1h30m`, `0s`. Weeks and years only where they are exact. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  let rest = Math.abs(ms);
  let text = '';
  for (const [unit, size] of unitMs) {
    const exactOnly = unit === 'y' || unit === 'w';
    if (exactOnly && rest % size !== 0) continue;
    const count = Math.floor(rest / size);
    if (count === 0) continue;
    text += `${count}${unit}`;
    rest -= count * size;
  }
  return ms < 0 ? `-${text}` : text;
}

/** A length of time as written: a literal, or arithmetic on literals and on what the query asks for. */
export type Duration =
  | { readonly kind: 'ms'; readonly ms: number }
  | { readonly kind: 'step' | 'range'; readonly span: Span }
  | { readonly kind: 'negative'; readonly of: Duration }
  | { readonly kind: 'paren'; readonly of: Duration }
  | {
      readonly kind: 'binary';
      readonly op: DurationOperator;
      readonly left: Duration;
      readonly right: Duration;
    };
export type DurationOperator = '+' | '-' | '*' | '/' | '%' | '^' | 'min_of' | 'max_of';

/** Step and length of the query that a duration stands in, ms. */
export interface QueryLengths {
  readonly stepMs: number;
  readonly rangeMs: number;
}

/** Whole ms; arithmetic is on seconds, so that `[5m * 2]` and `[2 ^ 3]` mean what they say. */
export function durationMs(duration: Duration, lengths: QueryLengths): number {
  return Math.round(seconds(duration, lengths) * 1000);
}

function seconds(duration: Duration, lengths: QueryLengths): number {
  switch (duration.kind) {
    case 'ms':
      return duration.ms / 1000;
    case 'step':
      return lengths.stepMs / 1000;
    case 'range':
      return lengths.rangeMs / 1000;
    case 'negative':
      return -seconds(duration.of, lengths);
    case 'paren':
      return seconds(duration.of, lengths);
    case 'binary': {
      const [left, right] = [seconds(duration.left, lengths), seconds(duration.right, lengths)];
      switch (duration.op) {
        case '+':
          return left + right;
        case '-':
          return left - right;
        case '*':
          return left * right;
        case '/':
          return left / right;
        case '%':
          return left % right;
        case '^':
          return left ** right;
        case 'min_of':
          return Math.min(left, right);
        case 'max_of':
          return Math.max(left, right);
      }
    }
  }
}
