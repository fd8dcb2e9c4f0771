import { createHash } from 'node:crypto';

/** An id that follows from what it is of. A hash, because labels can be longer than a key may be. */
export function idOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
