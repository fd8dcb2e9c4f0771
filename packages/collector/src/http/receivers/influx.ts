/** InfluxDB's ways to write, of version 1 and 2, so that Telegraf and its libraries can. */
import { describeError, TarsierError } from '@tarsier/protocol';
import { parseInfluxLines, type InfluxPrecision } from '@tarsier/protocol/formats';
import { Hono, type Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { seriesOf } from '../../receivers/foreign-series.ts';
import type { AppEnv } from '../app-env.ts';
import { retryHeaders, statusOf } from '../problem.ts';
import { identifySender, readUnpacked, receive, utf8, type DoorDeps } from './door.ts';

const door = 'influx';
/** What clients choose their dialect by. */
const spokenVersion = '2.7.0';

const precisions: Readonly<Record<string, InfluxPrecision>> = {
  n: 'ns',
  ns: 'ns',
  u: 'us',
  us: 'us',
  ms: 'ms',
  s: 's',
  m: 'm',
  h: 'h',
};

/** Words of InfluxDB's API for a status. */
const codes: Readonly<Record<number, string>> = {
  400: 'invalid',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not found',
  413: 'request too large',
  415: 'unsupported media type',
  422: 'unprocessable entity',
  429: 'too many requests',
  503: 'unavailable',
};

export function influxRoutes(deps: DoorDeps): Hono<AppEnv> {
  const write =
    (partly: ContentfulStatusCode) =>
    async (c: Context<AppEnv>): Promise<Response> => {
      const identity = await identifySender(c, deps);
      const precision = precisions[c.req.query('precision') ?? 'ns'];
      if (precision === undefined) {
        const expected = Object.keys(precisions).join(', ');
        throw new TarsierError('receive/precision', `precision: expected one of ${expected}`, { field: 'precision' });
      }
      const { samples, badLines, errors } = parseInfluxLines(utf8(await readUnpacked(c)), precision);
      const series = seriesOf(samples, deps.now());
      const received = await receive(c, deps, { identity, door, hostLabels: ['host'], series });
      if (badLines === 0 && received.rejected === 0) return c.body(null, 204);
      const lines = badLines === 0 ? '' : `${badLines} lines not read (${errors[0]?.message ?? ''}), `;
      const rejected = received.rejected === 0 ? '' : `${received.rejected} points not taken (${received.reason}), `;
      return refusal(c, received.stored > 0 ? partly : 400, `${lines}${rejected}${received.stored} points stored`);
    };

  const app = new Hono<AppEnv>();
  app.onError((error, c) => {
    if (!(error instanceof TarsierError)) throw error;
    const status = statusOf(error);
    if (status === 503) deps.log.warn('samples could not be taken', { door, error: describeError(error) });
    return refusal(c, status, error.message, error);
  });
  app.post('/write', write(400));
  app.post('/api/v2/write', write(422));
  app.on(['GET', 'HEAD'], '/ping', (c) => c.body(null, 204, { 'x-influxdb-version': spokenVersion }));
  app.get('/health', (c) => c.json({ name: 'tarsier', status: 'pass', message: 'ready for writes', checks: [] }));
  app.on(['GET', 'POST'], ['/query', '/api/v2/query'], (c) =>
    refusal(c, 404, 'InfluxQL and Flux are not spoken here; ask by PromQL below /prometheus'),
  );
  return app;
}

/** Version 1 reads `error`, version 2 the others. */
function refusal(c: Context<AppEnv>, status: ContentfulStatusCode, message: string, error?: unknown): Response {
  const body = { code: codes[status] ?? 'internal error', message, error: message };
  return c.json(body, status, retryHeaders(status, error));
}
