import { decodeCursor, encodeCursor } from '../../storage/cursor.ts';

/** A part of a list that is in memory. @param idOf  names an entry */
export function pageOf<T>(
  items: readonly T[],
  idOf: (item: T) => string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): { readonly items: readonly T[]; readonly next?: string } {
  let start = 0;
  if (cursor !== undefined) {
    const [id, position] = decodeCursor(cursor, ['string', 'number']);
    const found = items.findIndex((item) => idOf(item) === id);
    // Where it ended is gone meanwhile: the next one has moved up to its place.
    start = found === -1 ? position : found + 1;
  }
  const end = start + limit;
  const last = items[end - 1];
  const part = items.slice(start, end);
  return end < items.length && last !== undefined
    ? { items: part, next: encodeCursor([idOf(last), end - 1]) }
    : { items: part };
}
