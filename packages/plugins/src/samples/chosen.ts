/** Which of many things have series: thousands of interfaces or disks must neither flood the collector nor stall a tick. */
export interface Chosen {
  has(name: string): boolean;
  /**
   * Who is there now. Those chosen before stay chosen while they are there; free places go to the weightiest.
   */
  offer(there: ReadonlyMap<string, number>): void;
}

/**
 * @param most   places
 * @param warn   told once, when somebody gets no place
 * @param full   what to say then
 */
export function createChosen(
  most: number,
  { warn, full }: { readonly warn: (message: string) => void; readonly full: (count: number) => string },
): Chosen {
  const chosen = new Set<string>();
  let warned = false;
  return {
    has: (name) => chosen.has(name),
    offer(there) {
      for (const name of chosen) if (!there.has(name)) chosen.delete(name);
      if (chosen.size === there.size) return;
      if (there.size > most && !warned) {
        warned = true;
        warn(full(there.size));
      }
      const others = [...there].filter(([name]) => !chosen.has(name)).toSorted(([, a], [, b]) => b - a);
      for (const [name] of others.slice(0, Math.max(0, most - chosen.size))) chosen.add(name);
    },
  };
}
