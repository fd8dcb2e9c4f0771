/**
 * The only room that knows PostgreSQL: embedded or one's own, migrated, behind functions that take a tenant's scope
 * first. It knows rows, not what they mean.
 */
import { randomUUID } from 'node:crypto';
import { TarsierError, type UnixMs } from '@tarsier/protocol';
import { silentLog, type Log } from '../log.ts';
import type { TenantScope } from '../tenant.ts';
import { dropOldAlerts, type AlertRetention } from './alert-retention.ts';
import { createAccounts, type Accounts } from './accounts.ts';
import { createAdmissions, type Admissions } from './admissions.ts';
import { createAlertPolicies, type AlertPolicies } from './alert-policies.ts';
import { createAlerts, type Alerts } from './alerts.ts';
import { createAnomalies, type Anomalies } from './anomalies.ts';
import { createAnomalyEvents, type AnomalyEvents } from './anomaly-events.ts';
import { createAudit, type Audit } from './audit.ts';
import { restoreBackup, writeBackup, type BackupRows } from './backup/backup.ts';
import { createBatches, type Batches } from './batches.ts';
import { createChangeEvents, type ChangeEvents } from './change-events.ts';
import { createBudgets, type Budgets } from './budgets.ts';
import { createBus, type Bus } from './bus.ts';
import { createCollectors, type Collectors } from './collectors.ts';
import { createLedger, dropOldLedger, type Ledger } from './ledger.ts';
import { createLeases, type Leases } from './leases.ts';
import type { Change } from './changes.ts';
import { createChannels, type Channels } from './channels.ts';
import { createCompactor, type CompactionPolicy, type Compactor } from './compaction/compactor.ts';
import { startCompaction, type Compaction, type CompactionOptions } from './compaction/start-compaction.ts';
import { createWantedHosts } from './compaction/wanted-hosts.ts';
import { connect, type Connection, type Database } from './database.ts';
import { createCorsOrigins, type CorsOrigins } from './cors-origins.ts';
import { createDashboards, type Dashboards } from './dashboards.ts';
import { createDeletions, type Deletions } from './deletions.ts';
import { distribute, placesOf, type DistributionResult, type Tables } from './distribution/distribute.ts';
import { openEmbedded, type EmbeddedPostgres } from './embedded/embedded.ts';
import { createDetectionTuning, type DetectionTuning } from './detection-tuning.ts';
import { createDividedStorage } from './divided/divided-storage.ts';
import { createTenantMoves, type TenantMoves } from './divided/move.ts';
import { createPlaces, home, listPlaces, type Places } from './divided/places.ts';
import { createDetectorStates, type DetectorStates } from './detector-states.ts';
import { createEndMarkers, type EndMarkers } from './end-markers.ts';
import { createEnrolments, type Enrolments } from './enrolments.ts';
import { healthOf, type Health } from './health.ts';
import { createHosts, type Hosts } from './hosts.ts';
import { createIdempotency, type Idempotency } from './idempotency.ts';
import { createLimits, type Limits } from './limits.ts';
import { createUsage, type Usage } from './usage.ts';
import { createIncidents, type Incidents } from './incidents.ts';
import { createJobs, type Jobs } from './jobs/jobs.ts';
import { createLists, type Lists } from './lists.ts';
import { createKeys, type Keys } from './keys.ts';
import { migrateDatabase } from './migrate.ts';
import { createModels, type Models } from './models.ts';
import { createNotifications, type Notifications } from './notifications.ts';
import { dropExpired, ensurePartitions, type Retention } from './partitions.ts';
import { createSamples, type Samples } from './select/samples.ts';
import { createPrices, type Prices } from './prices.ts';
import { createRecommendations, type Recommendations } from './recommendations.ts';
import { createThresholds, type Thresholds } from './thresholds.ts';
import { createRuleFiles, type RuleFiles } from './rule-files.ts';
import { createRuleBoardStore, type RuleBoardStore } from './rule-boards.ts';
import { createRules, type Rules } from './rules.ts';
import { createFindPutTogether } from './put-together.ts';
import { createSeriesCatalog, type SeriesCatalog } from './series-catalog.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { createSigningKeys, type SigningKeys } from './signing-keys.ts';
import { createTiers, type Tiers } from './tiers.ts';
import { createTenants, type Tenants } from './tenants.ts';
import { createTokenKeys, type TokenKeys } from './token-keys.ts';
import { createUsers, type Users } from './users.ts';

export interface Storage {
  readonly tenants: Tenants;
  readonly tiers: Tiers;
  readonly keys: Keys;
  readonly enrolments: Enrolments;
  readonly sessions: Sessions;
  readonly hosts: Hosts;
  readonly series: SeriesCatalog;
  readonly batches: Batches;
  readonly endMarkers: EndMarkers;
  readonly samples: Samples;
  readonly deletions: Deletions;
  readonly rules: Rules;
  readonly ruleFiles: RuleFiles;
  readonly alerts: Alerts;
  readonly alertPolicies: AlertPolicies;
  readonly incidents: Incidents;
  readonly ledger: Ledger;
  readonly leases: Leases;
  readonly collectors: Collectors;
  readonly bus: Bus;
  readonly changeEvents: ChangeEvents;
  readonly anomalies: Anomalies;
  readonly anomalyEvents: AnomalyEvents;
  readonly detectorStates: DetectorStates;
  readonly ruleBoards: RuleBoardStore;
  readonly detectionTuning: DetectionTuning;
  readonly channels: Channels;
  readonly dashboards: Dashboards;
  readonly audit: Audit;
  /** What holds together. */
  readonly change: Change;
  readonly corsOrigins: CorsOrigins;
  readonly idempotency: Idempotency;
  readonly limits: Limits;
  readonly usage: Usage;
  /** What is read in parts. */
  readonly lists: Lists;
  readonly notifications: Notifications;
  readonly signingKeys: SigningKeys;
  readonly jobs: Jobs;
  readonly models: Models;
  readonly prices: Prices;
  readonly budgets: Budgets;
  readonly recommendations: Recommendations;
  readonly thresholds: Thresholds;
  /** How another thread reaches the same databases: {@link joinStorage}. */
  readonly connection: StorageConnection;
  readonly tokenKeys: TokenKeys;
  readonly users: Users;
  readonly accounts: Accounts;
  readonly admissions: Admissions;
  /** Of tenants, from one database to another. */
  readonly moves: TenantMoves;
  /** Names the database that a tenant is in. */
  placeOf(scope: Pick<TenantScope, 'tenantId'>): string;
  /** @throws when the database does not answer */
  ping(): Promise<void>;
  health(now: UnixMs): Promise<Health>;
  /** All of it as of one moment. @returns rows by table */
  backup(to: NodeJS.WritableStream): Promise<BackupRows>;
  /** Spreads the tables over the nodes of Citus. @throws {TarsierError} `storage/no-citus` */
  distribute(): Promise<DistributionResult>;
  /** How they would be. */
  tables(): Promise<Tables>;
  /** Into an empty database; wholly or not at all. @throws {TarsierError} `backup/…` */
  restore(from: NodeJS.ReadableStream): Promise<BackupRows>;
  /** Room for batches of yesterday to the day after tomorrow. */
  ensurePartitions(now: UnixMs): Promise<void>;
  /** Drops whole partitions of what no tenant keeps any more, and deletes what one keeps for less. @returns how many */
  dropExpired(now: UnixMs, retention: Retention): Promise<number>;
  /** Deletes incidents that have been over for too long, and what was told of them. @returns how many incidents */
  dropOldAlerts(now: UnixMs, retention: AlertRetention): Promise<number>;
  /** Puts cold batches together, here and when it is told to. */
  createCompactor(log: Log, policy?: CompactionPolicy): Compactor;
  /** The same in a thread of its own, again and again; to be stopped before this is closed. */
  startCompaction(options: CompactionOptions): Compaction;
  close(): Promise<void>;
}

/** Of one database, or of several by name. */
export type StorageConnection = Connection | { readonly databases: ReadonlyMap<string, Connection> };

export interface StorageOptions {
  /** Absent: the embedded PostgreSQL in `dataFolder`. */
  readonly databaseUrl: string | undefined;
  /** URLs of others that tenants may be in, by name. */
  readonly databases?: ReadonlyMap<string, string>;
  readonly dataFolder: string;
  /** `share` joins the embedded server of a collector that runs; `own` (default) refuses to. */
  readonly use?: 'own' | 'share';
  readonly runtimeFolder?: string;
  /** Most series of a tenant that has no limit of its own. */
  readonly maxSeries?: number;
  readonly log: Log;
  readonly now?: () => number;
}

const defaultMaxSeries = 1_000_000;

/**
 * Connects, starting the embedded server where no URL is given, and migrates.
 *
 * @throws {TarsierError} `storage/…`
 */
export async function openStorage({
  databaseUrl,
  databases = new Map(),
  dataFolder,
  use = 'own',
  runtimeFolder,
  maxSeries = defaultMaxSeries,
  log,
  now = Date.now,
}: StorageOptions): Promise<Storage> {
  const opening = { now, maxSeries, holder: randomUUID(), log };
  const openHome = async (): Promise<Opened> => {
    if (databaseUrl !== undefined) return prepare({ url: databaseUrl }, undefined, opening);
    const embedded = await openEmbedded({
      dataFolder,
      use,
      log,
      ...(runtimeFolder === undefined ? {} : { runtimeFolder }),
    });
    return prepare({ ...embedded.connection, database: 'postgres' }, embedded, opening);
  };
  if (databases.size === 0) return (await openHome()).storage;
  const opened = new Map<string, Opened>();
  try {
    opened.set(home, await openHome());
    for (const [name, url] of databases) opened.set(name, await prepare({ url }, undefined, opening));
    return await together(opened, log);
  } catch (error) {
    await Promise.all([...opened.values()].map(({ storage }) => storage.close()));
    throw error;
  }
}

/** One of several, or all there is. */
interface Opened {
  readonly storage: Storage;
  readonly database: Database;
  readonly connection: Connection;
}

async function together(opened: ReadonlyMap<string, Opened>, log: Log): Promise<Storage> {
  const { sql } = opened.get(home)?.database.system ?? {};
  if (sql === undefined) throw new Error('an installation without a first database');
  const connections = new Map(Array.from(opened, ([name, { connection }]) => [name, connection]));
  const places: Places = createPlaces(sql, log);
  try {
    await places.refresh();
    const known = (await listPlaces(sql)).map(({ tenantId }) => tenantId);
    for (const [name, { database }] of opened) {
      if (name === home) continue;
      const strangers = await database.system.sql<{ name: string }[]>`
        select name from tenant where tenant_id <> all(${known}::int[]) order by name limit 3`;
      if (strangers.length === 0) continue;
      throw new TarsierError(
        'storage/foreign',
        `database ${name} of TARSIER_DATABASES has tenants that are none of this installation: ${strangers.map((one) => one.name).join(', ')}; expected an empty database, or one of this installation`,
      );
    }
    return createDividedStorage(opened, places, createTenantMoves(connections), { databases: connections }, log);
  } catch (error) {
    await places.close();
    throw error;
  }
}

/** Migrates and opens a database that already runs. */
export async function storageOnDatabase(
  connection: Connection,
  now: () => number,
  maxSeries = defaultMaxSeries,
  log: Log = silentLog,
): Promise<Storage> {
  return (await prepare(connection, undefined, { now, maxSeries, holder: randomUUID(), log })).storage;
}

/** Another thread's door to a storage that is open; closing it leaves the server as it is. */
export async function joinStorage(connection: StorageConnection, log: Log, now: () => number): Promise<Storage> {
  const open = (one: Connection): Opened => {
    const database = connect(one);
    const opening = { now, maxSeries: defaultMaxSeries, holder: randomUUID(), log };
    const storage = storageOn(database, one, opening, false, () => database.close());
    return { storage, database, connection: one };
  };
  if (!('databases' in connection)) return open(connection).storage;
  return together(new Map(Array.from(connection.databases, ([name, one]) => [name, open(one)])), log);
}

interface Opening {
  readonly now: () => number;
  readonly maxSeries: number;
  /** This collector, among all that ever were. */
  readonly holder: string;
  readonly log: Log;
}

async function prepare(
  connection: Connection,
  embedded: EmbeddedPostgres | undefined,
  opening: Opening,
): Promise<Opened> {
  try {
    await migrateDatabase(connection, opening.log);
  } catch (cause) {
    await embedded?.close();
    if (cause instanceof TarsierError) throw cause;
    throw new TarsierError('storage/unreachable', 'the database can not be reached or migrated', { cause });
  }
  const database = connect(connection);
  const storage = storageOn(database, connection, opening, embedded !== undefined, async () => {
    await database.close();
    await embedded?.close();
  });
  return { storage, database, connection };
}

function storageOn(
  database: Database,
  connection: Connection,
  { now, maxSeries, holder, log }: Opening,
  alone: boolean,
  close: () => Promise<void>,
): Storage {
  const { sql } = database.system;
  const { leases, fence } = createLeases(database, holder, alone);
  const wanted = createWantedHosts();
  const batches = createBatches(database, createFindPutTogether(log), now);
  const samples = createSamples(database, wanted, now);
  const changeEvents = createChangeEvents(database, now);
  return {
    tenants: createTenants(database),
    tiers: createTiers(database),
    keys: createKeys(database, now),
    enrolments: createEnrolments(database, now),
    sessions: createSessions(database),
    hosts: createHosts(database),
    series: createSeriesCatalog(database, now, maxSeries),
    batches,
    endMarkers: createEndMarkers(database, batches),
    samples,
    deletions: createDeletions(database),
    rules: createRules(database, now),
    ruleFiles: createRuleFiles(database, now),
    alerts: createAlerts(database, fence),
    alertPolicies: createAlertPolicies(database, now),
    incidents: createIncidents(database, fence),
    ledger: createLedger(database),
    leases,
    collectors: createCollectors(database, holder),
    bus: createBus(database),
    changeEvents,
    anomalies: createAnomalies(database),
    anomalyEvents: createAnomalyEvents(database),
    detectorStates: createDetectorStates(database),
    ruleBoards: createRuleBoardStore(database),
    detectionTuning: createDetectionTuning(database),
    channels: createChannels(database),
    dashboards: createDashboards(database, now),
    audit: createAudit(database),
    change: database.change,
    corsOrigins: createCorsOrigins(database),
    idempotency: createIdempotency(database),
    limits: createLimits(database),
    usage: createUsage(database),
    lists: createLists(database),
    notifications: createNotifications(database),
    signingKeys: createSigningKeys(database),
    jobs: createJobs(database),
    models: createModels(database, now),
    prices: createPrices(database, now),
    budgets: createBudgets(database),
    recommendations: createRecommendations(database),
    thresholds: createThresholds(database, now),
    connection,
    tokenKeys: createTokenKeys(database),
    users: createUsers(database, now),
    accounts: createAccounts(database),
    admissions: createAdmissions(database, now),
    moves: createTenantMoves(new Map([[home, connection]])),
    placeOf: () => home,
    health: (at) => healthOf(sql, at),
    distribute: () => distribute(sql),
    tables: () => placesOf(sql),
    backup: (to) => writeBackup(sql, to),
    restore: (from) => restoreBackup(sql, from),
    async ping() {
      await sql`select 1`;
    },
    ensurePartitions: (at) => ensurePartitions(sql, at),
    async dropExpired(at, retention) {
      await changeEvents.expire(at, retention.minutes);
      const dropped = await dropExpired(sql, at, retention);
      samples.expired();
      await dropOldLedger(sql, at);
      return dropped;
    },
    dropOldAlerts: (at, retention) => dropOldAlerts(sql, at, retention),
    createCompactor: (log, policy) => createCompactor({ database, log, ...(policy === undefined ? {} : { policy }) }),
    startCompaction: (options) => startCompaction(connection, wanted, options),
    close,
  };
}
