/** Whole microseconds: what a clock can tell of a network; all 52 bits would cost twice the bytes on the wire. */
export function roundSeconds(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}
