/** Four decimals: what a person can see of a ratio; all 52 bits would cost eight times the bytes on the wire. */
export function roundRatio(ratio: number): number {
  return Math.round(Math.min(1, Math.max(0, ratio)) * 10_000) / 10_000;
}
