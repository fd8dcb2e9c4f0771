export interface Closable {
  close(): Promise<void>;
}

/** One user's hold on what is shared. */
export interface Share<T> {
  readonly value: T;
  /** Gives it back; resolves when it is closed, if this was the last hold. Once. */
  release(): Promise<void>;
}

/** @returns what hands out the holds, by key */
export function createShares(): <T extends Closable>(key: string, create: () => T) => Share<T> {
  const held = new Map<string, { readonly value: Closable; holds: number }>();
  return <T extends Closable>(key: string, create: () => T): Share<T> => {
    let entry = held.get(key);
    if (entry === undefined) held.set(key, (entry = { value: create(), holds: 0 }));
    const { value } = entry;
    const mine = entry;
    mine.holds++;
    return {
      // Made under this key by a caller that wanted the same: that is the contract of the key.
      value: value as T,
      async release() {
        if (--mine.holds > 0) return;
        held.delete(key);
        await value.close();
      },
    };
  };
}
