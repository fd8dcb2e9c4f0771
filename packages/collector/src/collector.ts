/**
 * The composition root: builds every room and hands each its parts, in the order in which samples flow. A batch is
 * committed by `ingest`, then read by the live windows, the detectors, the rules and the page.
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { WebSocketServer } from 'ws';
import { createAlerting } from './alert/alerting.ts';
import { createAnomalyLog } from './alert/anomaly-log.ts';
import { ensureDefaultRules } from './alert/default-rules.ts';
import type { CollectorConfig } from './config.ts';
import { createDetection } from './detect/detection.ts';
import { every } from './every.ts';
import { createApp } from './http/app.ts';
import { createAuthenticator } from './http/authenticate.ts';
import { createIngest } from './ingest/ingest.ts';
import { createLiveWindows } from './ingest/live-window.ts';
import { createLive } from './live/live.ts';
import type { Log } from './log.ts';
import { createWebhookDispatcher } from './notify/dispatcher.ts';
import { createQuery } from './query/query.ts';
import { openStorage, type Storage } from './storage/storage.ts';
import type { TenantScope } from './tenant.ts';

export interface Collector {
  /** Where it listens: `http://127.0.0.1:7077`. */
  readonly url: string;
  readonly storage: Storage;
  /** The tenant that a first start creates. */
  readonly tenant: TenantScope;
  /** Stops taking requests, finishes what was accepted, and closes the database. */
  stop(): Promise<void>;
}

const dayMs = 86_400_000;
/** How far back the live windows, detectors and rules are rebuilt at start. */
const replayMs = 15 * 60_000;
const chores = { rulesMs: 1_000, anomaliesMs: 1_000, retentionMs: 3_600_000 } as const;

/**
 * Starts a collector and resolves when it serves.
 *
 * @throws {TarsierError} when the database can't be reached or migrated, or the address is taken
 */
export async function startCollector({
  config,
  log,
  version,
  now = Date.now,
}: {
  readonly config: CollectorConfig;
  readonly log: Log;
  readonly version: string;
  readonly now?: () => number;
}): Promise<Collector> {
  const storage = await openStorage({ databaseUrl: config.databaseUrl, dataFolder: config.dataFolder, log });
  const tenant = await storage.tenants.ensure('default');
  await storage.ensurePartitions(now());
  await ensureDefaultRules(storage, tenant);

  const windows = createLiveWindows();
  const anomalyLog = createAnomalyLog({ anomalies: storage.anomalies, log });
  const detection = createDetection({
    now,
    log,
    onChange(scope, anomaly) {
      anomalyLog.record(scope, anomaly);
      alerting.anomaly(scope, anomaly);
      live.broadcastAnomaly(scope, anomaly);
    },
  });
  const dispatcher = createWebhookDispatcher({ notifications: storage.notifications, fetch, log, now });
  const alerting = createAlerting({
    storage,
    detection,
    log,
    now,
    onAlert(scope, alert) {
      live.broadcastAlert(scope, alert);
      dispatcher.wake();
    },
  });
  const authenticate = createAuthenticator({ storage, now });
  const live = createLive({ windows, authenticate, log, now });
  const ingest = createIngest({
    storage,
    consumers: [windows.consume, detection.consume, alerting.consume],
    limits: { maxAgeMs: config.maxAgeMs },
    watched: live.watched,
    log,
    now,
  });
  const query = createQuery({ storage, now });

  await alerting.restore();
  await ingest.replay(now() - replayMs);

  let ready = true;
  const app = createApp({
    storage,
    ingest,
    query,
    windows,
    live,
    alerting,
    detection,
    authenticate,
    version,
    log,
    now,
    webRoot: config.webRoot,
    ready: () => ready,
  });
  const server = await listen(app.fetch, config.listen);

  dispatcher.start();
  const stopChores = [
    every(chores.rulesMs, 'rule evaluation', log, async () => alerting.tick(now())),
    every(chores.anomaliesMs, 'writing anomalies', log, () => anomalyLog.flush()),
    every(chores.retentionMs, 'retention', log, async () => {
      await storage.ensurePartitions(now());
      const dropped = await storage.dropExpired(now() - config.retentionDays * dayMs);
      if (dropped > 0) log.info('expired samples dropped', { partitions: dropped });
    }),
  ];

  return {
    url: urlOf(server),
    storage,
    tenant,
    async stop() {
      ready = false;
      live.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        // A client that keeps its request open must not keep the collector from ending.
        setTimeout(() => server.closeAllConnections(), 2_000).unref();
      });
      await ingest.close();
      await Promise.all(stopChores.map((stop) => stop()));
      await anomalyLog.flush();
      await alerting.close();
      await dispatcher.stop();
      await storage.close();
    },
  };
}
