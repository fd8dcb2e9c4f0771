/** How well a text fits what was typed: 0 is not at all. Words may come in any order, letters of one in sequence. */
export function matchScore(text: string, typed: string): number {
  const words = typed.toLowerCase().split(/\s+/u).filter(Boolean);
  const inside = text.toLowerCase();
  let score = 1;
  for (const word of words) {
    const one = wordScore(inside, word);
    if (one === 0) return 0;
    score += one;
  }
  // Of two that fit alike, the shorter is meant.
  return score - Math.min(0.9, text.length / 1000);
}

function wordScore(text: string, word: string): number {
  const at = text.indexOf(word);
  if (at === 0) return 8;
  if (at > 0) return /[\p{L}\p{N}]/u.test(text[at - 1] ?? '') ? 4 : 6;
  // `cpubr` for `cpu_busy_ratio`.
  let from = 0;
  for (const letter of word) {
    const next = text.indexOf(letter, from);
    if (next < 0) return 0;
    from = next + 1;
  }
  return 1;
}

/** The best first; equal ones in the order they came. With nothing typed, the first ones. */
export function bestMatches<T extends { readonly text: string }>(
  items: readonly T[],
  typed: string,
  most: number,
): readonly T[] {
  return items
    .map((item) => ({ item, score: matchScore(item.text, typed) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => (typed.trim() === '' ? 0 : b.score - a.score))
    .slice(0, most)
    .map(({ item }) => item);
}
