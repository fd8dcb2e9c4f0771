import type { LiveSeries } from '@tarsier/protocol/live';

type Named = Pick<LiveSeries, 'name' | 'labels'>;

/**
 * Short names for series shown together: only what tells them apart. Modes of one metric are `user`, `system`;
 * `memory_used_bytes` and `memory_total_bytes` are `used` and `total`; devices times directions are `eth0 received`.
 *
 * @returns one name per series, in order; the whole metric name where there is only one series
 */
export function seriesNames(series: readonly Named[]): readonly string[] {
  const keys = [...new Set(series.flatMap(({ labels }) => Object.keys(labels)))].toSorted();
  const varying = keys.filter((key) => new Set(series.map(({ labels }) => labels[key] ?? '')).size > 1);
  // A mount and its device say the same; the shorter list of names is the better one.
  const needed = varying.filter((key, i) => !varying.slice(0, i).some((other) => sameSplit(series, other, key)));
  const words = metricWords(series.map(({ name }) => name));
  return series.map(({ name, labels }, i) => {
    const parts = [...needed.map((key) => labels[key] ?? ''), words[i] ?? ''].filter((part) => part !== '');
    return parts.length > 0 ? parts.join(' ') : readable(name);
  });
}

/** What differs between metric names, without the parts that all share; '' where the names are one. */
function metricWords(names: readonly string[]): readonly string[] {
  const distinct = new Set(names);
  if (distinct.size < 2) return names.map(() => '');
  const split = [...distinct].map((name) => name.split('_'));
  const [first = []] = split;
  const shortest = Math.min(...split.map(({ length }) => length));
  let head = 0;
  while (head < shortest - 1 && split.every((parts) => parts[head] === first[head])) head++;
  let tail = 0;
  while (tail < shortest - head - 1 && split.every((parts) => parts.at(-1 - tail) === first.at(-1 - tail))) tail++;
  return names.map((name) =>
    name
      .split('_')
      .slice(head, tail === 0 ? undefined : -tail)
      .join(' '),
  );
}

function sameSplit(series: readonly Named[], a: string, b: string): boolean {
  const pairs = new Set(series.map(({ labels }) => `${labels[a] ?? ''}\u0000${labels[b] ?? ''}`)).size;
  const count = (key: string): number => new Set(series.map(({ labels }) => labels[key] ?? '')).size;
  return pairs === count(a) && pairs === count(b);
}

function readable(name: string): string {
  return name.replaceAll('_', ' ');
}
