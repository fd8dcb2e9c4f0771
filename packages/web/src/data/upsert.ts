import type { Anomaly, UnixMs } from '@tarsier/protocol';

/** The list with `item` in the place of the one with its id, or at the end. */
export function upsert<T extends { readonly id: string }>(list: readonly T[], item: T): readonly T[] {
  const index = list.findIndex(({ id }) => id === item.id);
  return index < 0 ? [...list, item] : list.with(index, item);
}

/** Those that touch the time since `from`, oldest first. */
export function anomaliesSince<T extends Pick<Anomaly, 'start' | 'end'>>(
  list: readonly T[],
  from: UnixMs,
): readonly T[] {
  return list.filter(({ end }) => end === undefined || end >= from).toSorted((a, b) => a.start - b.start);
}
