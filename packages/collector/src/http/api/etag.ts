import { createHash } from 'node:crypto';
import { TarsierError } from '@tarsier/protocol';

/** Of what an answer says: the same bytes, the same tag. */
export function etagOf(body: string): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
}

/** Whether a client has it already. */
export function isKnown(etag: string, ifNoneMatch: string | undefined): boolean {
  return ifNoneMatch !== undefined && listed(ifNoneMatch, etag);
}

/** @throws {TarsierError} `http/precondition` unless a change is of what is there now */
export function requireMatch(current: unknown, ifMatch: string): void {
  const etag = current === undefined ? undefined : etagOf(JSON.stringify(current));
  if (etag !== undefined && listed(ifMatch, etag)) return;
  const now = etag === undefined ? 'there is nothing now' : `it is ${etag} now`;
  throw new TarsierError('http/precondition', `if-match: expected the etag of what is there; ${now}`, {
    field: 'if-match',
  });
}

function listed(header: string, etag: string): boolean {
  return header.split(',').some((one) => {
    const tag = one.trim();
    return tag === '*' || tag.replace(/^W\//u, '') === etag;
  });
}
