import { TarsierError, type UnixMs } from '@tarsier/protocol';
import type { OperationKey } from '@tarsier/protocol/api';
import { Hono } from 'hono';
import type { EventTuner } from '../alert/event-tuner.ts';
import type { Alerting } from '../alert/alerting.ts';
import type { RuleBoards } from '../alert/rule-boards.ts';
import type { RuleGroups } from '../alert/groups/rule-groups.ts';
import type { RuleLab } from '../alert/lab/rule-lab.ts';
import type { IncidentView } from '../alert/incident/incident-view.ts';
import type { Pipeline } from '../alert/pipeline/pipeline.ts';
import type { Forecaster } from '../forecast/forecaster.ts';
import type { HostsSeen } from '../ingest/hosts-seen.ts';
import type { Ingest } from '../ingest/ingest.ts';
import type { LiveWindows } from '../ingest/live-window.ts';
import type { JobQueue } from '../jobs/queue.ts';
import type { ScoreKeeper } from '../jobs/tasks/optimise/score-keeper.ts';
import type { Live } from '../live/live.ts';
import type { Log } from '../log.ts';
import type { Engine } from '../query/engine.ts';
import type { Exporter } from '../query/export.ts';
import type { Egress } from '../notify/egress/egress.ts';
import type { Sender } from '../notify/send.ts';
import type { Query } from '../query/query.ts';
import type { Receiver } from '../receivers/receiver.ts';
import type { SelfMetrics } from '../self.ts';
import type { Snapshots } from '../snapshot/snapshots.ts';
import type { Storage } from '../storage/storage.ts';
import { createApi } from './api/api.ts';
import { createMakeChange } from './api/change.ts';
import type { UsageMeter } from '../usage-meter.ts';
import type { AppEnv } from './app-env.ts';
import { createAttempts } from '../tenancy/attempts.ts';
import type { Authenticate } from '../tenancy/authenticate.ts';
import type { Limiter } from '../tenancy/limiter.ts';
import type { Enrol } from '../tenancy/enrolment.ts';
import type { Tokens } from '../tenancy/tokens.ts';
import { createTurns } from '../tenancy/turns.ts';
import type { TenantScope } from '../tenant.ts';
import type { OidcClient } from '../tenancy/oidc/client.ts';
import { createSealer } from '../tenancy/oidc/sealer.ts';
import { createRequireCode } from '../tenancy/second-factor.ts';
import { createCors } from './cors.ts';
import type { Drain } from './drain.ts';
import { createIdentify } from './identify.ts';
import { createGuards } from './guards.ts';
import { mcpRoutes } from './mcp/mcp.ts';
import { createErrorHandler } from './on-error.ts';
import { problemResponse } from './problem.ts';
import { prometheusRoutes } from './prometheus/prometheus.ts';
import { importRoutes } from './receivers/import.ts';
import { influxRoutes } from './receivers/influx.ts';
import { otlpRoutes } from './receivers/otlp.ts';
import { remoteWriteRoutes } from './receivers/remote-write.ts';
import type { RefusalGate } from './refusal-gate.ts';
import { requestId } from './request-id.ts';
import { accountRoutes } from './routes/account.ts';
import { alertmanagerAlertRoutes } from './routes/alertmanager-alerts.ts';
import { alertmanagerRoutes } from './routes/alertmanager.ts';
import { alertPolicyRoutes } from './routes/alert-policies.ts';
import { alertRoutes } from './routes/alerts.ts';
import { analyticsRoutes } from './routes/analytics.ts';
import { auditRoutes } from './routes/audit.ts';
import { budgetRoutes } from './routes/budgets.ts';
import { cardinalityRoutes } from './routes/cardinality.ts';
import { changeEventRoutes } from './routes/change-events.ts';
import { channelRoutes } from './routes/channels.ts';
import { dashboardRoutes } from './routes/dashboards.ts';
import { detectionRoutes } from './routes/detection.ts';
import { enrolRoutes } from './routes/enrol.ts';
import { enrolTokenRoutes } from './routes/enrol-tokens.ts';
import { exportRoutes } from './routes/export.ts';
import { forecastRoutes } from './routes/forecast.ts';
import { healthRoutes } from './routes/health.ts';
import { hostRoutes } from './routes/hosts.ts';
import { incidentRoutes, notificationRoutes } from './routes/incidents.ts';
import { ingestRoutes } from './routes/ingest.ts';
import { jobRoutes } from './routes/jobs.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { modelRoutes } from './routes/models.ts';
import { keyRoutes } from './routes/keys.ts';
import { ledgerRoutes } from './routes/ledger.ts';
import { limitRoutes } from './routes/limits.ts';
import { oidcRoutes } from './routes/oidc.ts';
import { onCallRoutes } from './routes/on-call.ts';
import { openApiRoutes } from './routes/openapi.ts';
import { optimisationRoutes } from './routes/optimisation.ts';
import { performanceRoutes } from './routes/performance.ts';
import { priceRoutes } from './routes/prices.ts';
import { queryRoutes } from './routes/query.ts';
import { ruleFileRoutes } from './routes/rule-files.ts';
import { runbookRoutes } from './routes/runbooks.ts';
import { ruleLabRoutes } from './routes/rule-lab.ts';
import { ruleRoutes } from './routes/rules.ts';
import { sessionRoutes, signInRoute } from './routes/session.ts';
import { incidentPictureRoutes, snapshotRoutes } from './routes/snapshots.ts';
import { thresholdRoutes } from './routes/thresholds.ts';
import { tenantRoutes } from './routes/tenants.ts';
import { usageRoutes } from './routes/usage.ts';
import { signInRoutes, userRoutes } from './routes/users.ts';
import { createStatic } from './static.ts';

export interface AppDeps {
  readonly storage: Storage;
  readonly ingest: Ingest;
  readonly receiver: Receiver;
  /** Oldest samples that the doors of other systems, and imports, take; ms before now. */
  readonly maxAge: { readonly doorsMs: number; readonly importsMs: number };
  readonly query: Query;
  readonly engine: Engine;
  readonly exporter: Exporter;
  readonly forecaster: Forecaster;
  readonly tuner: EventTuner;
  readonly windows: LiveWindows;
  readonly live: Pick<Live, 'upgrade'>;
  readonly alerting: Pick<Alerting, 'forgetHost' | 'reloadRules'>;
  readonly ruleGroups: Pick<RuleGroups, 'reload'>;
  readonly boards: Pick<RuleBoards, 'of'>;
  readonly pipeline: Pick<Pipeline, 'act' | 'reloadPolicies'>;
  readonly ruleLab: RuleLab;
  readonly incidentView: IncidentView;
  readonly snapshots: Snapshots;
  readonly sender: Sender;
  readonly egress: Pick<Egress, 'require'>;
  readonly queue: JobQueue;
  readonly scores: Pick<ScoreKeeper, 'current'>;
  readonly authenticate: Authenticate;
  readonly tokens: Tokens;
  readonly limiter: Limiter;
  readonly usageMeter: UsageMeter;
  readonly enrol: Enrol;
  readonly self: SelfMetrics;
  /** Whoever has it may read those; absent: programs of this machine. */
  readonly metricsToken: string | undefined;
  /** Folder of the built page; undefined serves the API alone. */
  readonly webRoot: string | undefined;
  /** Of the collector. */
  readonly version: string;
  /** Whether people reach it by https. */
  readonly secure: boolean;
  readonly drain: Drain;
  readonly refusals: Pick<RefusalGate, 'middleware' | 'floods'>;
  /** Whether the database took the last thing that was written, as far as is known. */
  readonly writable: () => boolean;
  /** Is told of operations that change what is there and can't say what that was. */
  readonly onNoBefore?: (key: OperationKey) => void;
  /** How they do, where that is not where it listens. */
  readonly publicUrl: string | undefined;
  readonly hostsSeen: HostsSeen;
  /** Where a host's agent should go, the best first; empty where it is not told. */
  readonly agentUrls: (scope: TenantScope, host: string) => readonly string[];
  /** Where people may sign in besides here. */
  readonly oidc: readonly OidcClient[];
  readonly log: Log;
  readonly now: () => UnixMs;
}

/** Every door of the collector. What is under `/v1` and `/prometheus` is for those who have a key or a session. */
export async function createApp(deps: AppDeps): Promise<Hono<AppEnv>> {
  const { live, log, self } = deps;
  const cors = createCors(deps);
  const page = await createStatic(deps.webRoot);
  const app = new Hono<AppEnv>();
  const api = createApi(app, deps);
  app.onError(createErrorHandler(log));

  app.use(deps.refusals.middleware);
  app.use(requestId);
  app.use(deps.drain.middleware);
  app.use(createGuards(deps));
  app.use(cors.middleware);
  app.use(async (c, next) => {
    await next();
    self.requests.add(1, { status: String(c.res.status) });
  });
  app.route('/', healthRoutes({ ...deps, ready: deps.drain.isOpen }));
  app.route('/', metricsRoutes(deps));
  app.route('/sign-in', signInRoute(deps));
  app.route('/sign-in/oidc', oidcRoutes({ ...deps, sealer: createSealer(deps) }));
  app.get('/.well-known/jwks.json', async (c) =>
    c.json(await deps.tokens.keySet(), 200, { 'cache-control': 'max-age=300' }),
  );
  app.route('/snapshots', snapshotRoutes(deps));
  app.route('/runbooks', await runbookRoutes());
  // Before the check below: a page has its session, but another client says who it is in its first message.
  app.get('/v1/live', live.upgrade);
  // And a host that has no key yet has a token.
  enrolRoutes(api, deps);
  openApiRoutes(api, deps);
  const attempts = createAttempts(deps.now);
  const signIn = { ...deps, attempts, requireCode: createRequireCode({ ...deps, attempts }) };
  signInRoutes(api, signIn);

  const turns = createTurns({ now: deps.now, floods: deps.refusals.floods });
  deps.drain.onClose(turns.release);
  const identify = createIdentify({ ...deps, turns });
  const doors = { ...deps, turns, maxAgeMs: deps.maxAge.doorsMs };
  const remoteWrite = remoteWriteRoutes(doors);
  app.route('/api/v1/write', remoteWrite);
  app.route('/prometheus/api/v1/write', remoteWrite);
  app.route('/v1/metrics', otlpRoutes(doors));
  app.route('/', influxRoutes(doors));

  app.use('/v1/*', identify);
  app.use('/alertmanager/*', identify);
  app.route('/alertmanager/api/v2', alertmanagerRoutes({ ...deps, change: createMakeChange(deps) }));
  app.route('/alertmanager/api/v2', alertmanagerAlertRoutes(deps));
  ingestRoutes(api, { ...deps, turns });
  importRoutes(api, { ...doors, maxAgeMs: deps.maxAge.importsMs });
  exportRoutes(api, deps);
  queryRoutes(api, deps);
  forecastRoutes(api, deps);
  cardinalityRoutes(api, deps);
  hostRoutes(api, deps);
  ledgerRoutes(api, deps);
  ruleRoutes(api, deps);
  ruleLabRoutes(api, deps);
  ruleFileRoutes(api, deps);
  channelRoutes(api, deps);
  incidentRoutes(api, deps);
  incidentPictureRoutes(api, deps);
  notificationRoutes(api, deps);
  alertPolicyRoutes(api, deps);
  alertRoutes(api, deps);
  detectionRoutes(api, deps);
  sessionRoutes(api, deps);
  accountRoutes(api, signIn);
  keyRoutes(api, deps);
  userRoutes(api, deps);
  tenantRoutes(api, deps);
  enrolTokenRoutes(api, deps);
  changeEventRoutes(api, deps);
  onCallRoutes(api, deps);
  jobRoutes(api, deps);
  budgetRoutes(api, deps);
  optimisationRoutes(api, deps);
  performanceRoutes(api, deps);
  limitRoutes(api, { ...deps, cors });
  usageRoutes(api, { ...deps, flush: deps.usageMeter.flush });
  analyticsRoutes(api, { ...deps, flush: deps.usageMeter.flush });
  dashboardRoutes(api, deps);
  auditRoutes(api, deps);
  modelRoutes(api, deps);
  priceRoutes(api, deps);
  thresholdRoutes(api, deps);
  app.route('/prometheus/api/v1', prometheusRoutes({ ...deps, identify }));

  // Not with its middleware: a tool's own requests are looked at as any other.
  app.route('/mcp', mcpRoutes({ ...deps, ask: (request, env) => app.fetch(deps.drain.partOf(request), env) }));

  app.get('*', (c, next) => (c.req.path.startsWith('/v1/') ? next() : (page(c) ?? next())));
  app.notFound((c) => {
    const message = `there is no ${c.req.method} ${c.req.path}; /v1/docs lists what there is`;
    return problemResponse(c, new TarsierError('http/not-found', message));
  });
  return app;
}
