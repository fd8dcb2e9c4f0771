/** What the doors of other systems share: who sends, what the body holds, and which host it is of. */
import { promisify } from 'node:util';
import { gunzip, inflate, zstdDecompress } from 'node:zlib';
import { TarsierError, type UnixMs } from '@tarsier/protocol';
import type { Context } from 'hono';
import type { Log } from '../../log.ts';
import type { HostMapping } from '../../receivers/host-of.ts';
import { isHost } from '../../receivers/host-of.ts';
import type { Received, ReceiveOptions, Receiver } from '../../receivers/receiver.ts';
import type { ForeignSeries } from '../../receivers/foreign-series.ts';
import type { SelfMetrics } from '../../self.ts';
import type { Authenticate, Identity } from '../../tenancy/authenticate.ts';
import type { Limiter } from '../../tenancy/limiter.ts';
import { requireScope } from '../../tenancy/permissions.ts';
import type { Turns } from '../../tenancy/turns.ts';
import type { AppEnv } from '../app-env.ts';
import { readBody } from '../body.ts';
import { takeTurn } from '../identify.ts';

export interface DoorDeps {
  readonly receiver: Receiver;
  readonly authenticate: Authenticate;
  readonly limiter: Limiter;
  readonly turns: Turns;
  /** Oldest sample that is accepted, ms before now. */
  readonly maxAgeMs: number;
  readonly self: SelfMetrics;
  readonly log: Log;
  readonly now: () => UnixMs;
}

/**
 * Who sends. Besides `Bearer KEY` as everywhere, the ways of other systems: `Token KEY` of InfluxDB 2, the password of
 * basic authentication, and `?p=KEY` of InfluxDB 1.
 *
 * @throws {TarsierError} `auth/…`, `limit/…`
 */
export async function identifySender(
  c: Context<AppEnv>,
  { authenticate, limiter, turns }: Pick<DoorDeps, 'authenticate' | 'limiter' | 'turns'>,
): Promise<Identity> {
  const given = c.req.header('authorization') ?? '';
  const token = /^Token +(?:[^\s:]*:)?(\S+)$/iu.exec(given)?.[1] ?? (given === '' ? c.req.query('p') : undefined);
  const authorization = token === undefined ? given : `Bearer ${token}`;
  const identity = await authenticate({ authorization: authorization === '' ? undefined : authorization });
  requireScope(identity, 'ingest');
  await limiter.request(identity, true);
  await takeTurn(c, turns, identity);
  return identity;
}

const unzip = promisify(gunzip);
const unpackers = {
  gzip: unzip,
  'x-gzip': unzip,
  deflate: promisify(inflate),
  zstd: promisify(zstdDecompress),
} as const;

function isPacked(encoding: string): encoding is keyof typeof unpackers {
  return Object.hasOwn(unpackers, encoding);
}

/** Of a request as it comes, and once it is unpacked. */
export const doorLimits = { bodyBytes: 16 * 1024 * 1024, unpackedBytes: 64 * 1024 * 1024 } as const;

/**
 * The body, unpacked as `content-encoding` says.
 *
 * @throws {TarsierError} `http/too-large` before more than the limit is kept, `http/content-encoding`, `http/packed`
 */
export async function readUnpacked(c: Context<AppEnv>): Promise<Uint8Array> {
  const encoding = c.req.header('content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (encoding !== 'identity' && encoding !== '' && !isPacked(encoding)) {
    throw new TarsierError(
      'http/content-encoding',
      `content-encoding: expected gzip, deflate or zstd, got ${encoding}`,
      {
        field: 'content-encoding',
      },
    );
  }
  const body = await readBody(c, doorLimits.bodyBytes);
  if (!isPacked(encoding)) return body;
  try {
    return await unpackers[encoding](body, { maxOutputLength: doorLimits.unpackedBytes });
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new TarsierError('http/too-large', `body: expected at most ${doorLimits.unpackedBytes} bytes unpacked`);
    }
    throw new TarsierError('http/packed', `body: expected ${encoding}, got ${body.byteLength} other bytes`, { cause });
  }
}

/** @throws {TarsierError} `http/text` */
export function utf8(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (cause) {
    throw new TarsierError('http/text', 'body: expected UTF-8', { cause });
  }
}

/**
 * Which host the samples are of: by labels, of which `?hostLabel=` may name others, or else `?host=`.
 *
 * @throws {TarsierError} `receive/host`
 */
function hostMapping(
  c: Context<AppEnv>,
  { host: only }: Identity,
  labels: readonly string[],
  door: string,
): HostMapping {
  const otherwise = c.req.query('host') ?? door;
  if (!isHost(otherwise)) {
    throw new TarsierError('receive/host', `host: expected 1 to 255 printable characters, got ${otherwise.length}`, {
      field: 'host',
    });
  }
  const named = c.req.queries('hostLabel');
  return { labels: named ?? labels, otherwise, only };
}

/** Stores what came through a door, and counts it. */
export async function receive(
  c: Context<AppEnv>,
  { receiver, limiter, self, maxAgeMs }: Pick<DoorDeps, 'receiver' | 'limiter' | 'self' | 'maxAgeMs'>,
  {
    identity,
    door,
    hostLabels,
    series,
  }: {
    readonly identity: Identity;
    readonly door: string;
    readonly hostLabels: readonly string[];
    readonly series: readonly ForeignSeries[];
  },
): Promise<Received> {
  const options: ReceiveOptions = { hosts: hostMapping(c, identity, hostLabels, door), maxAgeMs };
  await limiter.samples(
    identity,
    series.reduce((sum, { times }) => sum + times.length, 0),
  );
  const received = await receiver.take(identity.tenant, series, options);
  self.receivedSamples.add(received.stored, { door, outcome: 'stored' });
  if (received.rejected > 0) self.receivedSamples.add(received.rejected, { door, outcome: 'rejected' });
  return received;
}
