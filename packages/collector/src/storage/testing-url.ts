import type { EmbeddedPostgres } from './embedded/embedded.ts';

/** Of a database on a server that listens on a socket, or at an address. */
export function urlOf({ host, port, user, password }: EmbeddedPostgres['connection'], database: string): string {
  const isSocket = host.startsWith('/');
  const address = `postgres://${user}:${encodeURIComponent(password)}@${isSocket ? 'localhost' : host}:${port}/${database}`;
  return isSocket ? `${address}?host=${encodeURIComponent(host)}` : address;
}
