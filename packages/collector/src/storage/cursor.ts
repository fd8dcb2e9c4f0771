import { TarsierError } from '@tarsier/protocol';

type KeyPart = 'number' | 'string';
type Key<Parts extends readonly KeyPart[]> = {
  readonly [I in keyof Parts]: Parts[I] extends 'number' ? number : string;
};

export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next part begins; absent at the end. */
  readonly next?: string;
}

/**
 * @param rows  one more than wanted, if there is one
 * @param keyOf  what the list is sorted by
 */
export function pageOf<Row, T>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => T,
  keyOf: (row: Row) => readonly (number | string)[],
): Page<T> {
  const items = rows.slice(0, limit).map(toItem);
  const last = rows[limit - 1];
  return rows.length > limit && last !== undefined ? { items, next: encodeCursor(keyOf(last)) } : { items };
}

/** Where a list goes on: what its last entry was sorted by. */
export function encodeCursor(key: readonly (number | string)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** @throws {TarsierError} `http/cursor` */
export function decodeCursor<const Parts extends readonly KeyPart[]>(cursor: string, parts: Parts): Key<Parts> {
  const key = jsonOf(Buffer.from(cursor, 'base64url').toString());
  const isKey =
    Array.isArray(key) &&
    key.length === parts.length &&
    parts.every((part, at) => typeof key[at] === part && (part === 'string' || Number.isFinite(key[at])));
  if (!isKey) {
    throw new TarsierError('http/cursor', 'cursor: expected `next` of the answer before', { field: 'cursor' });
  }
  // As just looked at.
  return key as unknown as Key<Parts>;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
