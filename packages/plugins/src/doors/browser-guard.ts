/** Keeps web pages out: a browser on this host could reach a door on loopback for any page that it shows. */
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/**
 * Why a request may come from a web page; undefined when it does not.
 *
 * A page can send requests anywhere, but a browser then says so (`Origin`, `Sec-Fetch-Site`). A page whose own name was
 * pointed to 127.0.0.1 after it was loaded (DNS rebinding) is of the same origin, but its requests name that host.
 */
export function browserRefusal(headers: IncomingHttpHeaders): string | undefined {
  if (headers.origin !== undefined) return 'requests from web pages (with an Origin) are not taken';
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'none') return 'requests from web pages (with Sec-Fetch-Site) are not taken';
  const host = headers.host ?? '';
  if (!isOwnName(host)) return `expected an IP address or localhost as Host, got ${JSON.stringify(host.slice(0, 100))}`;
  return undefined;
}

function isOwnName(host: string): boolean {
  const name = host.replace(/:\d+$/u, '').replace(/^\[(.*)\]$/u, '$1');
  // HTTP/1.0, and clients of unix sockets, may name none.
  return name === '' || name.toLowerCase() === 'localhost' || isIP(name) !== 0;
}
