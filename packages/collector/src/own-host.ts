import { TarsierError } from '@tarsier/protocol';

/**
 * A key of one host sends for no other.
 *
 * @param only  the key's host; undefined for a key of any
 * @throws {TarsierError} `auth/host`
 */
export function requireOwnHost(only: string | undefined, host: string): void {
  if (only === undefined || host === only) return;
  throw new TarsierError(
    'auth/host',
    `host: this key may only ship for ${only}, got ${JSON.stringify(host)}; enrol that host on its own`,
    { field: 'host' },
  );
}
