import type { UnixMs } from '@tarsier/protocol';

/** What looks at the queue found, for those to whom an estimate is enough: who submits does not wait for another one. */
export interface Looks<K, T> {
  /** Looks now. */
  look(key: K, look: () => Promise<T>): Promise<T>;
  /** As of the last look where that is not old; looks again beside it where it is not new. */
  recent(key: K, look: () => Promise<T>): Promise<T>;
}

/** Age of what is known: looked up again beside it, and no longer used. */
const roughlyMs = { fresh: 1_000, most: 5_000 } as const;
const mostKept = 1_000;

export function createLooks<K, T>(now: () => UnixMs): Looks<K, T> {
  const found = new Map<K, { readonly at: UnixMs; readonly value: Promise<T> }>();

  function look(key: K, lookNow: () => Promise<T>): Promise<T> {
    const value = lookNow();
    if (found.size > mostKept) found.clear();
    found.set(key, { at: now(), value });
    value.catch(() => found.delete(key));
    return value;
  }

  return {
    look,
    recent(key, lookNow) {
      const known = found.get(key);
      if (known === undefined || known.at < now() - roughlyMs.most) return look(key, lookNow);
      if (known.at < now() - roughlyMs.fresh) void look(key, lookNow).catch(() => {});
      return known.value;
    },
  };
}
