/**
 * Numbers of an application's processes, from 0 on: a process keeps its own while it lives, and the next one takes the
 * lowest that is free. So a restart goes on with the same series, which a process id would not.
 */
export interface Slots {
  /** @returns the number of each, by `id` */
  place(
    processes: readonly { readonly id: string; readonly app: string; readonly startedAt: number }[],
  ): ReadonlyMap<string, number>;
}

export function createSlots(): Slots {
  let placed = new Map<string, number>();
  return {
    place(processes) {
      const next = new Map<string, number>();
      const taken = new Set<string>();
      for (const { id, app } of processes) {
        const slot = placed.get(id);
        if (slot === undefined) continue;
        next.set(id, slot);
        taken.add(`${app}\0${slot}`);
      }
      for (const { id, app } of processes.toSorted((a, b) => a.startedAt - b.startedAt)) {
        if (next.has(id)) continue;
        let slot = 0;
        while (taken.has(`${app}\0${slot}`)) slot++;
        next.set(id, slot);
        taken.add(`${app}\0${slot}`);
      }
      placed = next;
      return next;
    },
  };
}
