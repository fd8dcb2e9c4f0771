/**
 * The next state of a seeded generator of 32 bits (mulberry32, T. Ettinger), and a number from it. The state is a plain
 * number, so that whoever keeps it can save it.
 */
export function nextRandomState(state: number): number {
  return (state + 0x6d2b79f5) >>> 0;
}

/** @returns 0 <= number < 1 that belongs to a state */
export function randomOf(state: number): number {
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}
