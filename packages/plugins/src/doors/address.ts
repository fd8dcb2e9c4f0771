/** Where a door listens: an address and port, or the path of a unix socket. */
import { isIP } from 'node:net';
import { z } from 'zod';

export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** @returns undefined when it is neither `127.0.0.1:8125`, `[::1]:8125`, `localhost:8125` nor `/path` */
export function parseAddress(text: string): ListenAddress | undefined {
  if (text.startsWith('/')) return { kind: 'unix', path: text };
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/u.exec(text) ?? [];
  const host = bracketed ?? plain ?? '';
  const port = Number(digits);
  if (!(port <= 65_535)) return undefined;
  if (host !== 'localhost' && isIP(host) !== (bracketed === undefined ? 4 : 6)) return undefined;
  return { kind: 'tcp', host: host === 'localhost' ? '127.0.0.1' : host, port };
}

/** A setting; '' is nowhere. */
export function listenSetting(description: string) {
  return z
    .string()
    .refine((text) => text === '' || parseAddress(text) !== undefined, {
      error: 'expected address and port, as in 127.0.0.1:4318, or the path of a unix socket, or "" for nowhere',
    })
    .default('')
    .describe(description);
}

/** A setting of a door that only takes datagrams; '' is nowhere. */
export function udpSetting(description: string) {
  return z
    .string()
    .refine((text) => text === '' || parseAddress(text)?.kind === 'tcp', {
      error: 'expected address and port, as in 127.0.0.1:8125, or "" for nowhere',
    })
    .default('')
    .describe(description);
}

/** A setting of a door that only takes streams of lines; '' is nowhere. */
export function socketSetting(description: string) {
  return z
    .string()
    .refine((path) => path === '' || path.startsWith('/'), {
      error: 'expected the path of a unix socket, or "" for nowhere',
    })
    .default('')
    .describe(description);
}

/** Why a door has nothing to do; undefined when it has. */
export function nowhere(...addresses: readonly string[]): string | undefined {
  return addresses.every((address) => address === '') ? 'it has no address to listen on' : undefined;
}
