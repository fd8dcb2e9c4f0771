import type { UnixMs } from '@tarsier/protocol';
import { createStore } from './store.ts';
import type { Store } from './store.ts';
import type { TimeRange } from './time-range.ts';

export interface Cursor {
  readonly time: UnixMs;
  /** Who moved it, so that it does not answer itself. */
  readonly by: object;
}

/** What the elements of one provider look at together. */
export interface PageView {
  /** Undefined: each element has its own. */
  readonly range: Store<TimeRange | undefined>;
  /** Where the pointer or the keyboard is in one of the charts. */
  readonly cursor: Store<Cursor | undefined>;
  /** IANA name; undefined: the browser's. */
  readonly timeZone: Store<string | undefined>;
  /** How far back the lines for comparison are, ms; 0: none are drawn. */
  readonly compareMs: Store<number>;
  /** Looks closer, or elsewhere, and remembers where it was. */
  zoomTo(range: TimeRange): void;
  /** Back to where it was before the last zoom; without one, to the live end. */
  zoomBack(): void;
}

const mostRemembered = 50;

export function createPageView(): PageView {
  const range = createStore<TimeRange | undefined>(undefined);
  const before: TimeRange[] = [];
  return {
    range,
    zoomTo(next) {
      if (range.value !== undefined) before.push(range.value);
      if (before.length > mostRemembered) before.shift();
      range.set(next);
    },
    zoomBack() {
      const last = before.pop();
      const { value } = range;
      if (last !== undefined) range.set(last);
      else if (value?.kind === 'fixed') range.set({ kind: 'last', ms: value.to - value.from });
    },
    cursor: createStore<Cursor | undefined>(undefined),
    timeZone: createStore<string | undefined>(undefined),
    compareMs: createStore(0),
  };
}
