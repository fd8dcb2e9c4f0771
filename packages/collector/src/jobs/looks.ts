import type { UnixMs } from '@tarsier/protocol';

/** What looks at the queue found, for those to whom an estimate is enough: who submits does not wait for another one. */
export interface Looks<K, T> {
  /** Looks now. */
  look(key: K, look: () => Promise<T>): Promise<T>;
  /** As of the last look where that is not old; where it is not new, looks again a moment later. */
  recent(key: K, look: () => Promise<T>): Promise<T>;
}

/** Of what is known, ms. */
export interface Ages {
  /** Older, it is looked up again. */
  readonly fresh: number;
  /** Older, it is no longer used. */
  readonly most: number;
}

const mostKept = 1_000;
/** What is looked up again is not in the way of what it is wanted for. */
const besideMs = 50;

export function createLooks<K, T>(now: () => UnixMs, ages: Ages): Looks<K, T> {
  const found = new Map<K, { readonly at: UnixMs; readonly value: Promise<T>; isRenewed: boolean }>();

  function look(key: K, lookNow: () => Promise<T>): Promise<T> {
    const value = lookNow();
    const before = found.get(key);
    if (found.size > mostKept) found.clear();
    found.set(key, { at: now(), value, isRenewed: false });
    value.catch(() => {
      if (found.get(key)?.value !== value) return;
      if (before === undefined) found.delete(key);
      else found.set(key, { ...before, isRenewed: false });
    });
    return value;
  }

  return {
    look,
    recent(key, lookNow) {
      const known = found.get(key);
      if (known === undefined || known.at < now() - ages.most) return look(key, lookNow);
      if (known.at < now() - ages.fresh && !known.isRenewed) {
        known.isRenewed = true;
        setTimeout(() => void look(key, lookNow).catch(() => {}), besideMs).unref();
      }
      return known.value;
    },
  };
}
