/**
 * Eight line colours per theme, found by search: at least 3:1 against both surfaces of the theme, and at least 11
 * apart (OKLab x 100) for normal, protan, deutan and tritan sight.
 */
export const palettes = {
  light: ['#1b259c', '#d0721f', '#199aa9', '#670a3f', '#9962e8', '#554b01', '#136499', '#8a614e'],
  dark: ['#4582f8', '#efac24', '#74f4fe', '#d23564', '#9168b0', '#d5ed96', '#3db8ef', '#b39b85'],
} as const;

/** One hue from near the surface to far from it, in equal steps of lightness: for heat. */
export const sequential = {
  light: ['#e9edfb', '#ccd6f6', '#a9b9ee', '#8499e3', '#5f76d4', '#3c52bb', '#1b2f92'],
  dark: ['#232c42', '#2c3d66', '#36508c', '#4467b4', '#5c85d8', '#86aaf0', '#bcd3ff'],
} as const;

export const surfaces = {
  light: ['#ffffff', '#f5f6f8'],
  dark: ['#14171c', '#1c2027'],
} as const;

export const seriesColours = 8;

/**
 * Gives each series a colour slot (0 to 7) that it keeps while others come and go.
 *
 * @param held  the slots of before
 * @param signatures  at most 8
 */
export function assignSlots(
  held: ReadonlyMap<string, number>,
  signatures: readonly string[],
): ReadonlyMap<string, number> {
  const slots = new Map<string, number>();
  for (const signature of signatures) {
    const slot = held.get(signature);
    if (slot !== undefined) slots.set(signature, slot);
  }
  const used = new Set(slots.values());
  let next = 0;
  for (const signature of signatures) {
    if (slots.has(signature)) continue;
    while (used.has(next)) next++;
    used.add(next);
    slots.set(signature, next % seriesColours);
  }
  return slots;
}
