/** A value that tells its listeners when it is replaced. */
export interface Readable<T> {
  readonly value: T;
  /** @returns ends the listening; may be called again without harm */
  subscribe(listener: () => void): () => void;
}

export interface Store<T> extends Readable<T> {
  set(value: T): void;
}

/**
 * @param watched  runs when the first listener comes; what it returns runs when the last one leaves.
 *   Polling starts and ends here, so that a page without a host list asks for none.
 */
export function createStore<T>(initial: T, watched?: () => () => void): Store<T> {
  let value = initial;
  let unwatch: (() => void) | undefined;
  const listeners = new Set<() => void>();
  return {
    get value() {
      return value;
    },
    set(next) {
      if (next === value) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      // Wrapped, so that one function subscribed twice is two listeners.
      const own = (): void => listener();
      listeners.add(own);
      if (listeners.size === 1) unwatch = watched?.();
      return () => {
        if (!listeners.delete(own) || listeners.size > 0) return;
        unwatch?.();
        unwatch = undefined;
      };
    },
  };
}
