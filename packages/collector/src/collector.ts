/**
 * The composition root: builds every room and hands each its parts, in the order in which samples flow. A batch is
 * committed by `ingest`, then read by the live windows, the detectors, the rules and the page.
 */
import { availableParallelism } from 'node:os';
import type { ServerType } from '@hono/node-server';
import { describeError } from '@tarsier/protocol';
import { createAlerting } from './alert/alerting.ts';
import { createAnomalyLog } from './alert/anomaly-log.ts';
import { eventAsAnomaly } from './alert/event-as-anomaly.ts';
import { createEventTuner } from './alert/event-tuner.ts';
import { ensureDefaultRules } from './alert/default-rules.ts';
import { createForeignSilenceReader } from './alert/foreign-silences.ts';
import { createRuleGroups, type RuleObserver } from './alert/groups/rule-groups.ts';
import { createRuleBoards } from './alert/rule-boards.ts';
import { createRuleLab } from './alert/lab/rule-lab.ts';
import { createIncidentView } from './alert/incident/incident-view.ts';
import { createPipeline } from './alert/pipeline/pipeline.ts';
import { createPolicySweep } from './alert/policy-sweep.ts';
import { resumeAnomalies } from './alert/resume-anomalies.ts';
import { createRateStore } from './anomaly-rates.ts';
import { choresOf } from './chores.ts';
import type { CollectorConfig } from './config.ts';
import { createAnnouncer } from './cluster/announcer.ts';
import { createDeciding, createKnownTaker, replayMs } from './cluster/deciding.ts';
import { createFollower } from './cluster/follower.ts';
import { createLeadership, type Leadership } from './cluster/leadership.ts';
import { createNews } from './cluster/news.ts';
import { createPeers, type Peers } from './cluster/peers.ts';
import { createRelay } from './cluster/relay.ts';
import { createDetection } from './detect/detection.ts';
import { createTreeThread } from './detect/isolation-forest/tree-thread.ts';
import { every } from './every.ts';
import { createForecaster } from './forecast/forecaster.ts';
import { createApp } from './http/app.ts';
import { requireWebRoot } from './http/static.ts';
import { createRefusalGate } from './http/refusal-gate.ts';
import { createDrain } from './http/drain.ts';
import { listen } from './http/listen.ts';
import { createHostsSeen } from './ingest/hosts-seen.ts';
import { createIngest, maxFutureMs } from './ingest/ingest.ts';
import { createLiveWindows } from './ingest/live-window.ts';
import { createSilenceWatch } from './ingest/silence-watch.ts';
import { jobRegistry, jobTypes } from './jobs/registry.ts';
import { startJobs } from './jobs/start-jobs.ts';
import { createScoreKeeper } from './jobs/tasks/optimise/score-keeper.ts';
import { createJobRooms } from './jobs/threads/rooms.ts';
import { createActs } from './live/acts.ts';
import { createElsewhere, type Elsewhere } from './live/elsewhere.ts';
import { createLive, maxLiveMessageBytes } from './live/live.ts';
import { createOnlookers } from './live/onlookers.ts';
import type { Log } from './log.ts';
import { createDispatcher } from './notify/dispatcher.ts';
import { createEgress } from './notify/egress/egress.ts';
import { createSender } from './notify/send.ts';
import { createEngine } from './query/engine.ts';
import { createExporter } from './query/export.ts';
import { createQuery } from './query/query.ts';
import { compileSelector } from './query/selector.ts';
import { createStorageReader } from './query/storage-reader.ts';
import { createTenantLimits } from './query/tenant-limits.ts';
import { createReceiver, type Receiver } from './receivers/receiver.ts';
import { createRecorder } from './receivers/recorder.ts';
import { createSelfMetrics } from './self.ts';
import { createSnapshots } from './snapshot/snapshots.ts';
import { maxBatchSpanMs } from './storage/batches.ts';
import { dayMs } from './storage/hours.ts';
import type { AlertOutcome } from './storage/incidents.ts';
import { openStorage, type Storage } from './storage/storage.ts';
import { createAuthenticator } from './tenancy/authenticate.ts';
import { createOidcClient } from './tenancy/oidc/client.ts';
import { readOidcProviders } from './tenancy/oidc/provider.ts';
import { createTokens } from './tenancy/tokens.ts';
import { createEnrol } from './tenancy/enrolment.ts';
import { createLimiter } from './tenancy/limiter.ts';
import { createRefusalBrake } from './tenancy/refusal-brake.ts';
import { createNewsTeller } from './tell-news.ts';
import { homeTenant, type TenantScope } from './tenant.ts';
import { readTls } from './tls.ts';
import { createUsageMeter } from './usage-meter.ts';

/** Steps of an alert's way to people, in order; `decided` is before what was decided is written. */
export type FaultPoint =
  | 'sample stored'
  | 'rules evaluated'
  | 'alert saved'
  | 'decided'
  | 'in outbox'
  | 'claimed'
  | 'sent'
  | 'recorded';

export interface Collector {
  /** Where it listens: `http://127.0.0.1:7077`. */
  readonly url: string;
  readonly storage: Storage;
  /** The tenant that a first start creates. */
  readonly tenant: TenantScope;
  /** Stops taking requests, finishes what was accepted, and closes the database. */
  stop(): Promise<void>;
}

/** After the time of so many leases in which nothing could be written a collector is not ready. */
const unwritableLeases = 2;
/** Tenants that go to a collector that has joined, each time that leases are renewed: it has to read what they did. */
const handedOver = 8;
/** How often a lease is renewed in its time. */
const renewals = 5;
/** Others forget it after three times as long. */
const watchingMs = 15_000;
const tlsMs = 60_000;

/**
 * Starts a collector and resolves when it serves.
 *
 * @throws {TarsierError} when the database can't be reached or migrated, or the address is taken
 */
export async function startCollector({
  config,
  log,
  version,
  processUsage,
  faultPoint = () => {},
  now = Date.now,
}: {
  readonly config: CollectorConfig;
  readonly log: Log;
  readonly version: string;
  /** CPU seconds and resident bytes of this process, for its own metrics. */
  readonly processUsage: () => { readonly cpuSeconds: number; readonly residentBytes: number };
  /** Where a test lets it die. @param reasons  why something is told there */
  readonly faultPoint?: (point: FaultPoint, reasons: readonly string[]) => void;
  readonly now?: () => number;
}): Promise<Collector> {
  // Before there is anything that would have to be ended again.
  const tls = config.tls === undefined ? undefined : await readTls(config.tls);
  await requireWebRoot(config.webRoot);
  const storage = await openStorage({
    databaseUrl: config.databaseUrl,
    databases: config.databases,
    dataFolder: config.dataFolder,
    maxSeries: config.maxSeries,
    log,
  });
  const tenant = await storage.tenants.ensure(homeTenant);
  await storage.tiers.ensure();
  await storage.ensurePartitions(now());
  await ensureDefaultRules(storage, tenant);

  const self = createSelfMetrics(processUsage, version);
  const windows = createLiveWindows();
  const news = createNews({ bus: storage.bus, log });
  const anomalyLog = createAnomalyLog('anomalies', {
    store: storage.anomalies,
    onSaved: (scope, { id }) => news.saved(scope, 'anomalies', id),
    log,
  });
  const eventLog = createAnomalyLog('anomaly events', {
    store: storage.anomalyEvents,
    onSaved: (scope, { id }) => news.saved(scope, 'events', id),
    log,
  });
  const treeThread = createTreeThread((error) => {
    log.error('the thread that trains detectors ended', { error: describeError(error) });
  });
  const detection = createDetection({
    trainer: treeThread,
    onForgotten(scope, forgotten) {
      log.warn('what was learnt of a host can not be gone on with; it is learnt anew', {
        tenant: scope.tenant,
        ...forgotten,
      });
    },
    onChange(scope, anomaly) {
      // What is found again while a tenant is taken over was stored and told before.
      if (!leadership.leads(scope)) return;
      anomalyLog.record(scope, anomaly);
      alerting.anomaly(scope, anomaly);
      live.broadcastAnomaly(scope, anomaly);
    },
    onEvent(scope, event) {
      if (!leadership.leads(scope)) return;
      eventLog.record(scope, event);
      live.broadcastEvent(scope, event);
      // That one is over is told whatever it was: the threshold may have moved meanwhile.
      if (event.page === true || event.end !== undefined) alerting.anomaly(scope, eventAsAnomaly(event));
    },
    onCanary(scope, host, outcome) {
      void tuner.canary(scope, host, outcome).catch((error: unknown) => {
        log.warn('a made anomaly was not noted', { error: describeError(error) });
      });
    },
  });
  const egress = createEgress({ allow: config.egressAllow });
  const sender = createSender({
    egress,
    pageUrl: config.publicUrl,
    commandsFolder: config.commandsFolder,
    illustrate: (tenantId, incident, at) => snapshots.illustrate(tenantId, incident, at),
    now,
  });
  const tuner = createEventTuner({ storage, detection, now });
  const dispatcher = createDispatcher({
    outbox: {
      ...storage.notifications,
      async sent(notification, at) {
        faultPoint('sent', [notification.message.reason]);
        await storage.notifications.sent(notification, at);
        faultPoint('recorded', [notification.message.reason]);
      },
    },
    sender: {
      async send(notification) {
        faultPoint('claimed', [notification.message.reason]);
        await sender.send(notification);
      },
    },
    onTried: ({ kind }, outcome) => self.notifications.add(1, { kind, outcome }),
    log,
    now,
  });
  const usageMeter = createUsageMeter({ storage, log, now });
  const queryLimitsOf = createTenantLimits({ storage, now });
  const query = createQuery({ storage, limitsOf: queryLimitsOf, onDone: usageMeter.query });
  const engine = createEngine({
    reader: createStorageReader({ query }),
    log,
    now,
    limits: config.query,
    limitsOf: queryLimitsOf,
    onDone: usageMeter.query,
  });
  const forecaster = createForecaster({ query, engine, now });
  const observer: RuleObserver = {
    evaluated(ms, failed) {
      self.ruleEvaluations.add(1);
      self.ruleSeconds.add(ms / 1_000);
      if (failed) self.ruleFailures.add(1);
    },
    missed: (evaluations) => self.ruleEvaluationsMissed.add(evaluations),
  };
  const alerting = createAlerting({
    storage,
    engine,
    forecaster,
    observer,
    pageUrl: config.publicUrl,
    log,
    now,
    onAlert(scope, alert) {
      if (!leadership.holds(scope)) return;
      faultPoint('alert saved', []);
      live.broadcastAlert(scope, alert);
      news.saved(scope, 'alerts', alert.id);
      pipeline.observe(scope, alert);
      pipeline.wake(scope);
    },
  });
  const pipeline = createPipeline({
    storage,
    onDecided: (outcome) => faultPoint('decided', reasonsOf(outcome)),
    onOutcome(scope, outcome) {
      const { decisions, incidents } = outcome;
      faultPoint('in outbox', reasonsOf(outcome));
      for (const incident of incidents.values()) {
        live.broadcastIncident(scope, incident);
        news.saved(scope, 'incidents', incident.id);
      }
      for (const { told, reason } of decisions.values()) self.alertDecisions.add(1, { told: String(told), reason });
      dispatcher.wake();
    },
    log,
    now,
  });
  const tokens = createTokens({ storage, now });
  const authenticate = createAuthenticator({ storage, tokens, compileSelector, now });
  const limiter = createLimiter({ storage, log, now });
  const brake = createRefusalBrake({ holdMs: refusalHoldMs, now });
  const live = createLive({
    jobs: storage.jobs,
    waitingOf: (scope, job) => jobs.queue.waitingOf(scope, job),
    models: storage.models,
    act: createActs({ storage, limiter, act: (...action) => relay.act(...action), now }),
    windows,
    authenticate,
    limiter,
    brake,
    onWatch: () => elsewhere.changed(),
    log,
    now,
  });
  const onlookers = createOnlookers({ self: storage.collectors.self, log, now });
  const watchedAnnouncer = createAnnouncer({
    messageOf: (scope, keys) => ({ kind: 'watched', from: storage.collectors.self, scope, keys }),
    bus: storage.bus,
    log,
  });
  const silence = createSilenceWatch({ markers: storage.endMarkers, log, now });
  const ingest = createIngest({
    storage,
    // Detectors and rules are where the tenant is decided for.
    consumers: [
      () => faultPoint('sample stored', []),
      windows.consume,
      silence.consume,
      (stored) => leadership.consume(stored),
      (stored) => {
        if (onlookers.want(stored)) watchedAnnouncer.announce(stored);
      },
    ],
    replayConsumers: [windows.consume, silence.replay],
    onKnown: (stored) => takeKnown(stored),
    limits: { maxAgeMs: config.maxAgeMs },
    onRefused(scope, host) {
      alerting.refused(scope, host);
      silence.refused(scope);
    },
    admitHost: limiter.newHost,
    watched: (scope, host) => live.watched(scope, host) || onlookers.watch(scope, host),
    log,
    now,
  });
  const newReceiver = (): Receiver => createReceiver({ ingest, maxSpanMs: maxBatchSpanMs, maxFutureMs, now });
  const storeRates = createRateStore({
    detection,
    alerting,
    live,
    receiver: newReceiver(),
    maxAgeMs: config.maxAgeMs,
  });
  const saveCheckpoints = async (only?: TenantScope): Promise<void> => {
    for (const { scope, ...state } of detection.checkpoints(only)) {
      await storage.detectorStates.save(scope, state, now());
    }
  };
  const receiver = newReceiver();
  const ruleGroups = createRuleGroups({
    storage,
    holds: (scope) => leadership.holds(scope),
    engine,
    record: createRecorder({ receiver, maxAgeMs: config.maxAgeMs }),
    alerts: alerting.writer,
    pageUrl: config.publicUrl,
    observer,
    log,
    now,
  });
  const boards = createRuleBoards({
    alerting,
    ruleGroups,
    storage,
    leads: (scope) => leadership.leads(scope),
    ask: (scope) => relay.publishBoard(scope),
    log,
    now,
  });
  const incidentView = createIncidentView({
    storage,
    query,
    engine,
    boards,
    pageUrl: config.publicUrl,
    log,
    now,
  });
  const snapshots = createSnapshots({ storage, incidentView, pageUrl: config.publicUrl, log, now });
  const follower = createFollower({
    storage,
    handOn: (scope, keys) => ingest.handOn(scope, keys, [windows.consume, leadership.consume]),
    log,
    now,
  });
  const policySweep = createPolicySweep({
    storage,
    async reload(scope) {
      await alerting.reloadRules(scope);
      await pipeline.reloadPolicies(scope);
    },
  });
  const announcer = createAnnouncer({
    messageOf: (scope, keys) => ({ kind: 'batches', scope, keys }),
    bus: storage.bus,
    log,
  });
  const deciding = createDeciding({
    ingest,
    windows,
    follower,
    alerting,
    pipeline,
    ruleGroups,
    policySweep,
    detection,
    storage,
    resume: (scope) => resumeAnomalies(scope, { storage, detection, anomalyLog, eventLog, alerting }),
    onEvaluated: () => faultPoint('rules evaluated', []),
    now,
  });
  const leadership: Leadership = createLeadership({
    leases: storage.leases,
    leaseMs: config.leaseMs,
    ...deciding,
    async keep(scope) {
      await alerting.settled();
      await saveCheckpoints(scope);
      await anomalyLog.flush();
      await eventLog.flush();
    },
    announce: announcer.announce,
    log,
  });
  const takeKnown = createKnownTaker(leadership, follower);
  const peers: Peers = createPeers({
    collectors: storage.collectors,
    leases: storage.leases,
    leadership,
    url: config.advertiseUrl,
    ttlMs: config.leaseMs,
    onJoined: () => elsewhere.unsure(),
    monotonic: () => performance.now(),
  });
  const elsewhere: Elsewhere = createElsewhere({
    self: storage.collectors.self,
    watching: live.watching,
    areThere: peers.areThere,
    windows,
    batches: storage.batches,
    handOn: ingest.handOn,
    tell: (watching) => storage.bus.tell({ kind: 'watching', ...watching }),
    log,
    now,
  });
  const relay = createRelay({
    here: {
      reloadRules: alerting.reloadRules,
      reloadPolicies: pipeline.reloadPolicies,
      reloadRuleFiles: ruleGroups.reload,
      forgetHost: alerting.forgetHost,
      act: pipeline.act,
      publishBoard: boards.publish,
    },
    leadership,
    bus: storage.bus,
    storage,
    onBatches: follower.told,
    onWatched: elsewhere.told,
    onWatching: onlookers.told,
    async onModels(scope, name) {
      // One that detectors go on with may be among them.
      await Promise.all([live.modelsChanged(scope, name), tuner.reload(scope)]);
    },
    onNews: createNewsTeller({ storage, live }),
    log,
  });
  const stopListening = await storage.bus.listen(
    relay.receive,
    () => {
      follower.mayHaveMissed();
      elsewhere.unsure();
    },
    log,
  );
  await ingest.replay(await storage.tenants.withHosts(), now() - replayMs);
  await leadership.renew();
  await leadership.settled();
  await tuner.refresh();

  const jobs = await startJobs({
    storage,
    types: jobTypes,
    registry: jobRegistry,
    log,
    name: 'collector',
    options: {
      threads: config.jobThreads,
      // Where they may take every core, what comes in would wait for them.
      yields: config.jobThreads >= availableParallelism(),
      pricePerSecond: config.jobPrice,
    },
    onHint(hint) {
      if (hint.kind !== 'changed') return;
      void live.jobsChanged(hint.tenantId, hint.ids).catch((error: unknown) => {
        log.warn('that jobs have changed was not told', { error: describeError(error) });
      });
    },
    now,
  });

  const scores = createScoreKeeper({
    // Of its own: what the collector asks for by itself is not the tenant's usage.
    reader: createJobRooms(storage, log, now),
    record: createRecorder({
      receiver: newReceiver(),
      maxAgeMs: config.maxAgeMs,
    }),
    now,
  });

  const hostsSeen = createHostsSeen({
    windows,
    batches: storage.batches,
    comesElsewhere: (scope) => peers.areThere() && !leadership.leads(scope),
    now,
  });
  const drain = createDrain();
  const refusals = createRefusalGate({
    brake,
    now,
    onRefused: (status) => self.requests.add(1, { status: String(status) }),
  });
  let writtenAt = now();
  const app = await createApp({
    storage,
    ingest,
    receiver,
    maxAge: { doorsMs: config.maxAgeMs, importsMs: config.retention.samples * dayMs },
    query,
    engine,
    exporter: createExporter({ storage }),
    forecaster,
    tuner,
    windows,
    live,
    alerting: { reloadRules: relay.reloadRules, forgetHost: relay.forgetHost },
    ruleGroups: { reload: relay.reloadRuleFiles },
    boards,
    pipeline: { ...pipeline, act: relay.act, reloadPolicies: relay.reloadPolicies },
    ruleLab: createRuleLab({ storage, engine, forecaster }),
    incidentView,
    snapshots,
    sender,
    egress,
    queue: jobs.queue,
    scores,
    authenticate,
    tokens,
    limiter,
    usageMeter,
    enrol: createEnrol({
      storage,
      hostsSeen,
      now,
    }),
    self,
    metricsToken: config.metricsToken,
    log,
    now,
    webRoot: config.webRoot,
    version,
    drain,
    refusals,
    // Leases are written all the time.
    writable: () => now() - writtenAt < unwritableLeases * config.leaseMs,
    secure: (config.publicUrl ?? (config.tls === undefined ? 'http:' : 'https:')).startsWith('https:'),
    publicUrl: config.publicUrl,
    agentUrls: peers.urlsFor,
    hostsSeen,
    oidc: (await readOidcProviders(config.oidcFile)).map((provider) => createOidcClient({ provider, fetch, now })),
  });
  const server = await listen(app.fetch, config.listen, {
    tls,
    maxMessageBytes: maxLiveMessageBytes,
    guard: refusals.guard,
  }).catch(async (error: unknown) => {
    await jobs.stop();
    await storage.close();
    throw error;
  });
  dispatcher.start();
  const compaction = storage.startCompaction({
    log,
    onFlushed: (samples) => self.compactedSamples.add(samples),
    onRound({ samples, sealedHours, failures, hoursLeft }) {
      self.compactedSamples.add(samples);
      self.sealedHours.add(sealedHours);
      self.compactionFailures.add(failures);
      self.compactionBacklog.set(hoursLeft);
    },
  });
  const keepLeases = async (): Promise<void> => {
    // What can't be stored is not heard: as long as the database is away nobody is silent.
    await leadership.renew(peers.running()).catch((error: unknown) => {
      alerting.deaf(now());
      throw error;
    });
    writtenAt = now();
  };
  const stopChores = [
    ...choresOf({
      storage,
      config,
      leadership,
      detection,
      alerting,
      ruleGroups,
      pipeline,
      follower,
      policySweep,
      foreignSilences: createForeignSilenceReader({ storage, egress, onChange: pipeline.reloadPolicies, log }),
      silence,
      anomalyLogs: [anomalyLog, eventLog],
      tuner,
      saveCheckpoints: () => saveCheckpoints(),
      storeRates,
      scores,
      usageMeter,
      limiter,
      self,
      log,
      now,
    }).map(({ what, everyMs, run }) => every(everyMs, what, log, run)),
    every(config.leaseMs / renewals, 'keeping leases', log, async () => {
      await keepLeases();
      for (const scope of peers.ofOthers(leadership.held()).slice(0, handedOver)) {
        log.info('another collector is to decide for a tenant', { tenant: scope.tenant });
        await leadership.handOver(scope);
        peers.handed(scope);
        // Those of the other tenants must not run out meanwhile.
        await keepLeases();
      }
    }),
    every(config.leaseMs / renewals, 'keeping the list of collectors', log, peers.renew),
    every(watchingMs, 'telling what is watched', log, async () => elsewhere.repeat()),
    every(tlsMs, 'reading the certificate', log, async () => {
      // Renewed while it serves: connections that are there go on.
      if (config.tls !== undefined && 'setSecureContext' in server) server.setSecureContext(await readTls(config.tls));
    }),
  ];

  return {
    url: urlOf(server, config.listen.host, tls === undefined ? 'http' : 'https'),
    storage,
    tenant,
    async stop() {
      // Agents are told of the others alone from now on.
      const left = peers.leave().catch((error: unknown) => {
        log.warn('others were not told that this one stops', { error: describeError(error) });
      });
      live.close();
      brake.release();
      const compacted = compaction.stop();
      // Those that go on are cut off, so that what they ask of the database is ended, too. It is told until the end that
      // this one is not ready.
      if (!(await drain.close(closeMs)) && 'closeAllConnections' in server) server.closeAllConnections();
      await jobs.stop();
      await ruleGroups.close();
      await alerting.settled();
      await Promise.all([compacted, ...stopChores.map((stop) => stop())]);
      await storeRates(true);
      await ingest.close();
      await treeThread.stop();
      await usageMeter.flush();
      await saveCheckpoints();
      await anomalyLog.flush();
      await eventLog.flush();
      await alerting.close();
      await pipeline.close();
      await stopListening();
      await elsewhere.settled();
      await announcer.flush();
      await news.flush();
      await watchedAnnouncer.flush();
      await left;
      await leadership.resign();
      await dispatcher.stop();
      await closeServer(server);
      await storage.close();
    },
  };
}

function reasonsOf({ notifications }: AlertOutcome): readonly string[] {
  return notifications.map(({ message }) => message.reason);
}

/** How long a refusal waits of a tenant that asks far more than it may. */
const refusalHoldMs = 1_000;

/** How long a client may take to finish its request once the collector stops. */
const closeMs = 2_000;

async function closeServer(server: ServerType): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  if (!('closeIdleConnections' in server)) return closed;
  server.closeIdleConnections();
  const force = setTimeout(() => server.closeAllConnections(), closeMs);
  await closed;
  clearTimeout(force);
}

function urlOf(server: ServerType, host: string, scheme: 'http' | 'https'): string {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
