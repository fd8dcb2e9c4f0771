import { createServer, IncomingMessage, type RequestListener, type ServerOptions } from 'node:http';
import { serve } from '@hono/node-server';
import { batchContentType } from '@tarsier/protocol';
import { messageSchema } from '../cluster/messages.ts';
import { createDetection } from '../detect/detection.ts';
import { createForecaster } from '../forecast/forecaster.ts';
import { createEventTuner } from '../alert/event-tuner.ts';
import { createAlerting } from '../alert/alerting.ts';
import { createRuleBoards } from '../alert/rule-boards.ts';
import { createRuleGroups, type RuleGroups } from '../alert/groups/rule-groups.ts';
import { createRuleLab } from '../alert/lab/rule-lab.ts';
import { createIncidentView } from '../alert/incident/incident-view.ts';
import { createPipeline } from '../alert/pipeline/pipeline.ts';
import { createHostsSeen } from '../ingest/hosts-seen.ts';
import { createIngest, maxFutureMs } from '../ingest/ingest.ts';
import { createScoreKeeper } from '../jobs/tasks/optimise/score-keeper.ts';
import { createLiveWindows } from '../ingest/live-window.ts';
import { startJobs } from '../jobs/start-jobs.ts';
import { jobTypes } from '../jobs/testing-types.ts';
import { createActs } from '../live/acts.ts';
import { createLive } from '../live/live.ts';
import { notedLog, noteAnswer, noteRequest } from '../testing-logged.ts';
import { createEgress } from '../notify/egress/egress.ts';
import { createSender } from '../notify/send.ts';
import { createEngine } from '../query/engine.ts';
import { createExporter } from '../query/export.ts';
import { createQuery } from '../query/query.ts';
import { createStorageReader } from '../query/storage-reader.ts';
import { createTenantLimits } from '../query/tenant-limits.ts';
import { createReceiver } from '../receivers/receiver.ts';
import { createRecorder } from '../receivers/recorder.ts';
import { createSelfMetrics } from '../self.ts';
import { createSnapshots } from '../snapshot/snapshots.ts';
import type { KeyScope } from '../storage/keys.ts';
import type { Storage } from '../storage/storage.ts';
import { maxBatchSpanMs } from '../storage/batches.ts';
import { createTestStorage, type TestStorage } from '../storage/testing.ts';
import { createAuthenticator } from '../tenancy/authenticate.ts';
import { createOidcClient } from '../tenancy/oidc/client.ts';
import type { OidcProvider } from '../tenancy/oidc/provider.ts';
import { createTokens } from '../tenancy/tokens.ts';
import { compileSelector } from '../query/selector.ts';
import { createEnrol } from '../tenancy/enrolment.ts';
import { createLimiter, type Limiter } from '../tenancy/limiter.ts';
import { createRefusalBrake } from '../tenancy/refusal-brake.ts';
import { createUsageMeter, type UsageMeter } from '../usage-meter.ts';
import { WebSocketServer } from 'ws';
import { createApp } from './app.ts';
import { createDrain, type Drain } from './drain.ts';
import { createRefusalGate } from './refusal-gate.ts';
import { contractProblem } from './testing-contract.ts';

export interface TestServer {
  readonly url: string;
  readonly storage: Storage;
  readonly limiter: Limiter;
  readonly usageMeter: UsageMeter;
  /** What the router has. */
  readonly routes: readonly { readonly path: string; readonly method: string }[];
  /** Evaluated when a test says so. */
  readonly ruleGroups: RuleGroups;
  /** Statements of the test's own. */
  readonly sql: TestStorage['sql'];
  /** Closed, it is as when the collector stops. */
  readonly drain: Drain;
  /** Hosts whose batches could not be stored. */
  readonly refused: readonly (string | undefined)[];
  /** Operations that change what is there and can't say what that was. */
  readonly noBefore: readonly string[];
  key(tenant: string, scope: KeyScope): Promise<string>;
  /** Posts a batch as an agent does. */
  ingest(key: string, body: Uint8Array, headers?: Readonly<Record<string, string>>): Promise<Response>;
  close(): Promise<void>;
}

/**
 * Every door over real HTTP, on a real database.
 *
 * @param breakStorage  wraps what the rooms get of it
 * @param onStatement  is told each statement that is sent to the database
 */
export async function startTestServer(
  breakStorage: (storage: Storage) => Storage = (storage) => storage,
  issuers: readonly OidcProvider[] = [],
  onStatement?: (statement: string) => void,
): Promise<TestServer> {
  const { storage: real, sql, drop } = await createTestStorage(Date.now, onStatement);
  await real.ensurePartitions(Date.now());
  await real.tiers.ensure();
  const storage = breakStorage(real);
  const log = notedLog;
  const windows = createLiveWindows();
  const hostsSeen = createHostsSeen({
    windows,
    batches: storage.batches,
    comesElsewhere: () => false,
    now: Date.now,
  });
  const detection = createDetection({ onChange() {} });
  const usageMeter = createUsageMeter({ storage, log, now: Date.now });
  const queryLimitsOf = createTenantLimits({ storage, now: Date.now });
  const query = createQuery({ storage, limitsOf: queryLimitsOf, onDone: usageMeter.query });
  const engine = createEngine({
    reader: createStorageReader({ query }),
    log,
    limitsOf: queryLimitsOf,
    onDone: usageMeter.query,
  });
  const forecaster = createForecaster({ query, engine, now: Date.now });
  const observer = { evaluated() {}, missed() {} };
  const alerting = createAlerting({
    storage,
    engine,
    forecaster,
    observer,
    pageUrl: undefined,
    onAlert() {},
    log,
    now: Date.now,
  });
  const pipeline = createPipeline({
    storage,
    onOutcome(scope, { incidents }) {
      for (const incident of incidents.values()) live.broadcastIncident(scope, incident);
    },
    log,
  });
  const tokens = createTokens({ storage });
  const authenticate = createAuthenticator({ storage, tokens, compileSelector });
  const limiter = createLimiter({ storage, log });
  const brake = createRefusalBrake({ holdMs: 50, now: Date.now });
  const refusals = createRefusalGate({ brake, now: Date.now });
  const live = createLive({
    jobs: storage.jobs,
    waitingOf: (of, job) => jobs.queue.waitingOf(of, job),
    models: storage.models,
    act: createActs({ storage, limiter, act: pipeline.act, now: Date.now }),
    windows,
    authenticate,
    limiter,
    brake,
    log,
  });
  const stopListening = await real.bus.listen(
    (message) => {
      const told = messageSchema.safeParse(message).data;
      if (told?.kind === 'models') void live.modelsChanged(told.scope, told.name);
    },
    () => {},
    log,
  );
  const refused: (string | undefined)[] = [];
  const noBefore: string[] = [];
  const ingest = createIngest({
    storage,
    onRefused: (_, host) => refused.push(host),
    consumers: [windows.consume, detection.consume, alerting.consume],
    admitHost: limiter.newHost,
    watched: live.watched,
    log,
  });
  const receiver = createReceiver({ ingest, maxSpanMs: maxBatchSpanMs, maxFutureMs, now: Date.now });
  const ruleGroups = createRuleGroups({
    storage,
    engine,
    record: createRecorder({ receiver, maxAgeMs: 86_400_000 }),
    alerts: alerting.writer,
    pageUrl: undefined,
    observer,
    log,
    now: Date.now,
  });
  const boards = createRuleBoards({
    alerting,
    ruleGroups,
    storage,
    leads: () => true,
    ask: () => Promise.resolve(),
    log,
    now: Date.now,
  });
  const incidentView = createIncidentView({
    storage,
    query,
    engine,
    boards,
    pageUrl: undefined,
    log,
    now: Date.now,
  });
  const pageUrl = 'https://tarsier.example/';
  const egress = createEgress({ allow: ['127.0.0.1'] });
  const snapshots = createSnapshots({ storage, incidentView, pageUrl, log, now: Date.now });
  const jobs = await startJobs({
    storage: real,
    types: jobTypes,
    registry: new URL('../jobs/testing-types.ts', import.meta.url).href,
    log,
    name: 'test',
    options: { threads: 0, inline: 1_000, pollMs: 100 },
    onHint(hint) {
      if (hint.kind === 'changed') void live.jobsChanged(hint.tenantId, hint.ids);
    },
  });
  const drain = createDrain();
  const app = await createApp({
    storage,
    ingest,
    receiver,
    maxAge: { doorsMs: 86_400_000, importsMs: 30 * 86_400_000 },
    query,
    engine,
    exporter: createExporter({ storage }),
    forecaster,
    tuner: createEventTuner({ storage, detection, now: Date.now }),
    windows,
    live,
    alerting,
    ruleGroups,
    boards,
    pipeline,
    ruleLab: createRuleLab({ storage, engine, forecaster }),
    incidentView,
    snapshots,
    egress,
    sender: createSender({ egress, pageUrl, illustrate: snapshots.illustrate }),
    queue: jobs.queue,
    scores: createScoreKeeper({ reader: { engine, storage }, record: async () => {}, now: Date.now }),
    authenticate,
    tokens,
    limiter,
    usageMeter,
    enrol: createEnrol({
      storage,
      hostsSeen,
      now: Date.now,
    }),
    self: createSelfMetrics(() => ({ cpuSeconds: 0, residentBytes: 0 }), 'test'),
    metricsToken: undefined,
    webRoot: undefined,
    version: 'test',
    secure: false,
    drain,
    refusals,
    writable: () => true,
    onNoBefore: (key) => noBefore.push(key),
    publicUrl: undefined,
    agentUrls: () => [],
    hostsSeen,
    oidc: issuers.map((provider) => createOidcClient({ provider, fetch, now: Date.now })),
    log,
    now: Date.now,
  });
  /** Every answer of every test is as the API says, or the test sees a 599. */
  const checked: typeof app.fetch = async (request, ...rest) => {
    const env = rest[0] ?? {};
    noteRequest(request, 'incoming' in env && env.incoming instanceof IncomingMessage ? env.incoming : undefined);
    const answer = await app.fetch(request, ...rest);
    await noteAnswer(request, answer);
    const problem = await contractProblem(request, answer);
    return problem === undefined ? answer : new Response(problem, { status: 599 });
  };
  const sockets = new WebSocketServer({ noServer: true }) as NonNullable<
    Parameters<typeof serve>[0]['websocket']
  >['server'];
  const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const starting = serve(
      {
        fetch: checked,
        hostname: '127.0.0.1',
        port: 0,
        websocket: { server: sockets },
        createServer: ((options: ServerOptions, app: RequestListener) =>
          createServer(options, refusals.guard(app))) as typeof createServer,
      },
      () => resolve(starting),
    );
  });
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return {
    url,
    storage: real,
    limiter,
    usageMeter,
    routes: app.routes,
    ruleGroups,
    drain,
    sql,
    refused,
    noBefore,
    key: async (tenant, scope) => real.keys.create(await real.tenants.ensure(tenant), { name: 'test', scope }),
    ingest: (key, body, headers = {}) =>
      fetch(`${url}/v1/ingest`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': batchContentType, ...headers },
        body: new Uint8Array(body),
      }),
    async close() {
      live.close();
      brake.release();
      await stopListening();
      await new Promise((resolve) => {
        server.close(resolve);
        if ('closeAllConnections' in server) server.closeAllConnections();
      });
      await jobs.stop();
      await ruleGroups.close();
      await ingest.close();
      await drop();
    },
  };
}
