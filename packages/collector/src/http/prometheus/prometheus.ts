/** Prometheus's HTTP API, for Grafana, promtool and whatever else speaks it. */
import { TarsierError, type UnixMs } from '@tarsier/protocol';
import { Hono, type MiddlewareHandler } from 'hono';
import type { RuleBoards } from '../../alert/rule-boards.ts';
import type { Log } from '../../log.ts';
import type { Engine } from '../../query/engine.ts';
import type { Exporter } from '../../query/export.ts';
import type { Query } from '../../query/query.ts';
import type { Storage } from '../../storage/storage.ts';
import { requireScope } from '../../tenancy/permissions.ts';
import type { UsageMeter } from '../../usage-meter.ts';
import type { AppEnv } from '../app-env.ts';
import { prometheusError } from './errors.ts';
import { promqlRoutes } from './query-routes.ts';
import { remoteReadRoutes } from './remote-read/remote-read.ts';
import { ruleStateRoutes } from './rule-routes.ts';
import { seriesRoutes } from './series-routes.ts';

/** The version of Prometheus whose API and language this speaks: Grafana chooses by it what it may ask for. */
const spokenVersion = '3.5.0';

/** What is answered from series alone: with a view token from those that it shows. */
const ofSeries = /\/api\/v1\/(?:query|query_range|series|labels|label\/[^/]+\/values)$/u;

export function prometheusRoutes(deps: {
  readonly engine: Engine;
  readonly exporter: Exporter;
  readonly usageMeter: Pick<UsageMeter, 'query'>;
  readonly query: Pick<Query, 'series' | 'labelNames' | 'labelValues'>;
  readonly storage: Pick<Storage, 'rules' | 'alerts' | 'series'>;
  readonly boards: Pick<RuleBoards, 'of'>;
  readonly log: Log;
  readonly now: () => UnixMs;
  /** Finds out who asks. */
  readonly identify: MiddlewareHandler<AppEnv>;
}): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.onError((error, c) => prometheusError(error, c, deps.log));
  app.use(deps.identify, async (c, next) => {
    requireScope(c.get('identity'), ofSeries.test(c.req.path) ? 'view' : 'read');
    await next();
  });
  app.route('/', promqlRoutes(deps));
  app.route('/', seriesRoutes(deps));
  app.route('/', ruleStateRoutes(deps));
  app.route('/', remoteReadRoutes(deps));
  app.get('/status/buildinfo', (c) =>
    c.json({
      status: 'success',
      data: { version: spokenVersion, revision: 'tarsier', branch: '', buildUser: '', buildDate: '', goVersion: '' },
    }),
  );
  app.all('*', (c) => {
    throw new TarsierError('http/not-found', `there is no ${c.req.method} ${c.req.path}`);
  });
  return app;
}
