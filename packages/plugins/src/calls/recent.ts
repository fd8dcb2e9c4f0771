/** Sums of the last minute by label set: what rates and ratios of now are made of. */
import { seriesSignature, type Labels } from '@tarsier/protocol';

export interface Recent<Name extends string> {
  add(labels: Labels, amounts: Readonly<Record<Name, number>>): void;
  /** Label sets that were added to within the last hour, with their sums of the last minute. */
  sums(): Iterable<readonly [Labels, Readonly<Record<Name, number>>]>;
}

interface Group {
  readonly labels: Labels;
  /** By slot: sums in the order of the names. */
  readonly slots: Float64Array;
  /** Number of the slot that was written to last. */
  slot: number;
}

const slotMs = 5_000;
const slotCount = 12;
/** As long, a rate of 0 is put out; then nothing. */
const idleSlots = 720;

/** @param maxGroups  label sets; what belongs to others is left out */
export function createRecent<Name extends string>(
  names: readonly Name[],
  { maxGroups, now }: { readonly maxGroups: number; readonly now: () => number },
): Recent<Name> {
  const groups = new Map<string, Group>();
  const slotNow = (): number => Math.floor(now() / slotMs);

  /** Empties the slots that have passed since the group was written to. */
  function advance(group: Group): void {
    const slot = slotNow();
    for (let passed = Math.max(group.slot + 1, slot - slotCount + 1); passed <= slot; passed++) {
      const from = (passed % slotCount) * names.length;
      group.slots.fill(0, from, from + names.length);
    }
  }

  return {
    add(labels, amounts) {
      const key = seriesSignature({ name: '', labels });
      let group = groups.get(key);
      if (group === undefined) {
        if (groups.size >= maxGroups) return;
        group = { labels, slots: new Float64Array(slotCount * names.length), slot: slotNow() };
        groups.set(key, group);
      }
      advance(group);
      group.slot = slotNow();
      const from = (group.slot % slotCount) * names.length;
      for (const [index, name] of names.entries()) {
        group.slots[from + index] = (group.slots[from + index] ?? 0) + amounts[name];
      }
    },
    *sums() {
      for (const [key, group] of groups) {
        if (slotNow() - group.slot > idleSlots) {
          groups.delete(key);
          continue;
        }
        const sums = Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
        // Slots that are older than a minute are not counted, though nothing has overwritten them yet.
        for (let slot = slotNow() - slotCount + 1; slot <= group.slot; slot++) {
          for (const [index, name] of names.entries())
            sums[name] += group.slots[((slot + slotCount) % slotCount) * names.length + index] ?? 0;
        }
        yield [group.labels, sums];
      }
    },
  };
}
