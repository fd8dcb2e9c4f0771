/** What a key means in a chart that has the focus. */
export type ChartKey =
  | { readonly kind: 'point'; readonly index: number }
  | { readonly kind: 'line'; readonly by: 1 | -1 }
  | { readonly kind: 'pan'; readonly part: number }
  | { readonly kind: 'zoom'; readonly factor: number }
  | { readonly kind: 'mark'; readonly by: 1 | -1 }
  | { readonly kind: 'reset' | 'hold' | 'table' | 'summary' | 'help' | 'leave' };

/**
 * @param at  index of the cursor; undefined: there is none
 * @param last  index of the newest sample
 * @returns undefined for keys that are not the chart's
 */
export function chartKey(
  {
    key,
    shiftKey,
    ctrlKey,
    metaKey,
    altKey,
  }: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey'>,
  at: number | undefined,
  last: number,
): ChartKey | undefined {
  if (ctrlKey || metaKey || altKey) return undefined;
  const from = at ?? last + 1;
  const stride = shiftKey ? Math.max(1, Math.round(last / 10)) : 1;
  const point = (index: number): ChartKey => ({ kind: 'point', index: Math.min(last, Math.max(0, index)) });
  switch (key) {
    case 'ArrowLeft':
      return point(from - stride);
    case 'ArrowRight':
      return point(from + stride);
    case 'Home':
      return point(0);
    case 'End':
      return point(last);
    case 'ArrowUp':
      return { kind: 'line', by: -1 };
    case 'ArrowDown':
      return { kind: 'line', by: 1 };
    case 'PageUp':
      return { kind: 'pan', part: -0.5 };
    case 'PageDown':
      return { kind: 'pan', part: 0.5 };
    case '+':
    case '=':
      return { kind: 'zoom', factor: 0.5 };
    case '-':
      return { kind: 'zoom', factor: 2 };
    case 'a':
      return { kind: 'mark', by: 1 };
    case 'A':
      return { kind: 'mark', by: -1 };
    case '0':
      return { kind: 'reset' };
    case ' ':
      return { kind: 'hold' };
    case 't':
      return { kind: 'table' };
    case 's':
      return { kind: 'summary' };
    case '?':
      return { kind: 'help' };
    case 'Escape':
      return at === undefined ? undefined : { kind: 'leave' };
    default:
      return undefined;
  }
}

/** The next moment of the sorted ones, in a direction; undefined when there is none. */
export function nextMark(moments: readonly number[], from: number, by: 1 | -1): number | undefined {
  return by === 1 ? moments.find((moment) => moment > from) : moments.findLast((moment) => moment < from);
}
