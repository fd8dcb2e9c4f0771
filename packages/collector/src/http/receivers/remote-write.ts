/** Prometheus's remote_write, 1.0 and 2.0. docs/wire-format.md has the answers. */
import { describeError, TarsierError } from '@tarsier/protocol';
import { Hono, type Context } from 'hono';
import { createIdentities } from '../../receivers/remote-write/identities.ts';
import { createMetadata } from '../../receivers/remote-write/metadata.ts';
import { snappyDecompress } from '../../receivers/remote-write/snappy.ts';
import { decodeWriteRequestV2 } from '../../receivers/remote-write/write-request-v2.ts';
import { decodeWriteRequest, type SenderMemory } from '../../receivers/remote-write/write-request.ts';
import type { AppEnv } from '../app-env.ts';
import { readBody } from '../body.ts';
import { retryHeaders, statusOf } from '../problem.ts';
import { doorLimits, identifySender, receive, type DoorDeps } from './door.ts';

const door = 'remote-write';
const messages = { '1': 'prometheus.WriteRequest', '2': 'io.prometheus.write.v2.Request' } as const;
type Version = keyof typeof messages;

export function remoteWriteRoutes(deps: DoorDeps): Hono<AppEnv> {
  const identities = createIdentities();
  const memories = new Map<number, SenderMemory>();

  function memoryOf(tenantId: number): SenderMemory {
    let memory = memories.get(tenantId);
    if (memory === undefined) memories.set(tenantId, (memory = { metadata: createMetadata(), identities }));
    return memory;
  }

  return new Hono<AppEnv>().post('/', async (c) => {
    let version: Version = '1';
    let written = 0;
    try {
      version = versionOf(c);
      const identity = await identifySender(c, deps);
      const body = snappyDecompress(await readBody(c, doorLimits.bodyBytes), doorLimits.unpackedBytes);
      const decode = version === '1' ? decodeWriteRequest : decodeWriteRequestV2;
      const request = decode(body, memoryOf(identity.tenant.tenantId));
      const { series } = request;
      const received = await receive(c, deps, { identity, door, hostLabels: ['host', 'instance'], series });
      written = received.stored;
      const rejected = received.rejected + request.rejected;
      if (rejected > 0) {
        const reason = request.reason === '' ? received.reason : request.reason;
        throw new TarsierError('receive/rejected', `${written} samples stored, ${rejected} not: ${reason}`);
      }
      return c.body(null, 204, writtenHeaders(version, written));
    } catch (error) {
      return refusal(c, error, version, written, deps);
    }
  });
}

/** @throws {TarsierError} `http/content-type`, `http/content-encoding` */
function versionOf(c: Context<AppEnv>): Version {
  const given = c.req.header('content-type') ?? '';
  const [type = '', ...parameters] = given.split(';').map((part) => part.trim());
  const message = parameters.find((parameter) => parameter.startsWith('proto='))?.slice('proto='.length);
  const version =
    message === undefined || message === messages['1'] ? '1' : message === messages['2'] ? '2' : undefined;
  if (type.toLowerCase() !== 'application/x-protobuf' || version === undefined) {
    const expected = `application/x-protobuf, with proto=${messages['1']} or ${messages['2']}`;
    throw new TarsierError('http/content-type', `content-type: expected ${expected}, got ${given || 'none'}`, {
      field: 'content-type',
    });
  }
  // Snappy is what 1.0 means where it says nothing.
  const encoding = c.req.header('content-encoding')?.toLowerCase() ?? 'snappy';
  if (encoding !== 'snappy') {
    throw new TarsierError('http/content-encoding', `content-encoding: expected snappy, got ${encoding}`, {
      field: 'content-encoding',
    });
  }
  return version;
}

/** Without them a sender of 2.0 takes us for a receiver of 1.0. */
function writtenHeaders(version: Version, samples: number): Record<string, string> {
  if (version === '1') return {};
  return {
    'x-prometheus-remote-write-samples-written': String(samples),
    'x-prometheus-remote-write-histograms-written': '0',
    'x-prometheus-remote-write-exemplars-written': '0',
  };
}

/** One line of text is what Prometheus logs. */
function refusal(c: Context<AppEnv>, error: unknown, version: Version, written: number, { log }: DoorDeps): Response {
  if (!(error instanceof TarsierError)) throw error;
  c.error = error;
  const known = statusOf(error);
  // Prometheus throws away what it gets a 429 for, unless told otherwise: it is to keep it. Version 2.0 lets receivers
  // answer 429.
  const status = known === 429 && version === '1' ? 503 : known;
  if (known === 503) log.warn('samples could not be taken', { door, error: describeError(error) });
  return c.text(`${error.message}\n`, status, {
    ...writtenHeaders(version, written),
    ...retryHeaders(status, error),
  });
}
