import { readFile } from 'node:fs/promises';
import { TarsierError } from '@tarsier/protocol';
import type { TlsFiles } from './config.ts';

/** What a server of Node.js takes. */
export interface TlsOptions {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
  readonly requestCert: boolean;
  readonly rejectUnauthorized: boolean;
  readonly minVersion: 'TLSv1.2';
}

/** @throws {TarsierError} `config/tls` when a file can not be read */
export async function readTls({ cert, key, clientCa }: TlsFiles): Promise<TlsOptions> {
  const read = async (file: string): Promise<Buffer> =>
    readFile(file).catch((cause: unknown) => {
      throw new TarsierError('config/tls', `TLS: ${file} can not be read`, { cause });
    });
  const ca = clientCa === undefined ? {} : { ca: await read(clientCa) };
  const asks = clientCa !== undefined;
  const pair = { cert: await read(cert), key: await read(key) };
  return { ...pair, ...ca, requestCert: asks, rejectUnauthorized: asks, minVersion: 'TLSv1.2' };
}
