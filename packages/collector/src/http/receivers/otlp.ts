/** OTLP over HTTP, metrics, in both encodings. https://opentelemetry.io/docs/specs/otlp/#otlphttp */
import { describeError, TarsierError } from '@tarsier/protocol';
import {
  decodeMetrics,
  encodeExportResponse,
  encodeStatus,
  otlpContentTypes,
  otlpEncodingOf,
  rpcCodes,
  type OtlpEncoding,
} from '@tarsier/protocol/otlp';
import { Hono, type Context } from 'hono';
import { createOtlpReader } from '../../receivers/otlp/otlp-series.ts';
import type { AppEnv } from '../app-env.ts';
import { retryHeaders, statusOf } from '../problem.ts';
import { identifySender, readUnpacked, receive, type DoorDeps } from './door.ts';

const door = 'otlp';

export function otlpRoutes(deps: DoorDeps): Hono<AppEnv> {
  const reader = createOtlpReader(deps);
  return new Hono<AppEnv>().post('/', async (c) => {
    const contentType = c.req.header('content-type');
    const encoding = otlpEncodingOf(contentType);
    try {
      const identity = await identifySender(c, deps);
      if (encoding === undefined) {
        const expected = Object.values(otlpContentTypes).join(' or ');
        throw new TarsierError(
          'http/content-type',
          `content-type: expected ${expected}, got ${contentType ?? 'none'}`,
          {
            field: 'content-type',
          },
        );
      }
      const metrics = decodeMetrics(await readUnpacked(c), { encoding });
      const { series, rejected, reason } = reader.read(identity.tenant, metrics);
      const hostLabels = ['host', 'host_name', 'instance'];
      const received = await receive(c, deps, { identity, door, hostLabels, series });
      const outcome = {
        rejected: rejected + received.rejected,
        message: reason === '' ? received.reason : reason,
      };
      return answer(c, 200, encoding, encodeExportResponse('metrics', encoding, outcome));
    } catch (error) {
      if (!(error instanceof TarsierError)) throw error;
      c.error = error;
      const status = statusOf(error);
      if (status === 503) deps.log.warn('samples could not be taken', { door, error: describeError(error) });
      const code =
        status === 503
          ? rpcCodes.unavailable
          : status === 413 || status === 429
            ? rpcCodes.resourceExhausted
            : rpcCodes.invalidArgument;
      const body = encodeStatus(encoding ?? 'json', { code, message: error.message });
      return answer(c, status, encoding ?? 'json', body, retryHeaders(status, error));
    }
  });
}

function answer(
  c: Context<AppEnv>,
  status: ReturnType<typeof statusOf> | 200,
  encoding: OtlpEncoding,
  body: Uint8Array,
  more: Record<string, string> = {},
): Response {
  return c.body(new Uint8Array(body), status, { 'content-type': otlpContentTypes[encoding], ...more });
}
