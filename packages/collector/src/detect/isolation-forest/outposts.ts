/** Channels of a tree that have outposts, at most: in wide hosts each tree watches the borders of a few. */
const mostChannels = 8;
export const mostOutposts = 2 * mostChannels;
/** How far out they are, in ranges of the channel beyond its least and largest value. */
const beyond = 1;

/** Least range, as a part of the value: in a channel that never moves any other value is far out. */
const leastRange = 1e-6;

/**
 * Rows that nobody saw: like others, but for one channel far below or above all. Trees split between values that they
 * were shown, so that without these a value beyond all is as odd as the largest that was seen, and no more.
 *
 * @param rows  at least one
 */
export function outposts(rows: readonly (readonly number[])[], random: () => number): number[][] {
  const width = rows[0]?.length ?? 0;
  const channels = Array.from({ length: width }, (_, channel) => channel);
  const outposts: number[][] = [];
  for (let at = 0; at < Math.min(width, mostChannels); at++) {
    const other = at + Math.floor(random() * (width - at));
    const channel = channels[other] ?? 0;
    channels[other] = channels[at] ?? 0;
    let low = Infinity;
    let high = -Infinity;
    for (const row of rows) {
      const value = row[channel] ?? 0;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    const range = Math.max(high - low, leastRange * Math.abs(high));
    for (const value of [low - beyond * range, high + beyond * range]) {
      const outpost = [...(rows[Math.floor(random() * rows.length)] ?? [])];
      outpost[channel] = value;
      outposts.push(outpost);
    }
  }
  return outposts;
}
