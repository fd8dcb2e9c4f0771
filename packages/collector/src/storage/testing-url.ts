import type { EmbeddedPostgres } from './embedded/embedded.ts';

/** Of a database on a server that listens on a socket. */
export function urlOf({ host, port, user, password }: EmbeddedPostgres['connection'], database: string): string {
  return `postgres://${user}:${encodeURIComponent(password)}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`;
}
