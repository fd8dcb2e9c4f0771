/**
 * The tables. `tenant_id` leads every primary and unique key of tenant data, so that the same schema can be
 * distributed by tenant; a test checks the catalog.
 */
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  customType,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';

export const bytea = customType<{ data: Uint8Array }>({ dataType: () => 'bytea' });
/** Unix ms. */
export const unixMs = (name: string) => bigint(name, { mode: 'number' });

export const tenant = pgTable('tenant', {
  tenantId: integer('tenant_id').primaryKey().generatedAlwaysAsIdentity(),
  name: text('name').notNull().unique(),
  nextHostId: integer('next_host_id').notNull().default(1),
  nextSeriesId: integer('next_series_id').notNull().default(1),
  seriesCount: integer('series_count').notNull().default(0),
  /** Counts deletions, after which what is remembered of series no longer holds. */
  seriesVersion: integer('series_version').notNull().default(0),
  /** Most series; null for the collector's limit. */
  maxSeries: integer('max_series'),
  /** How long samples, rollups by minute and by hour are kept, days; null for the collector's setting. */
  samplesDays: integer('samples_days'),
  minutesDays: integer('minutes_days'),
  hoursDays: integer('hours_days'),
  /** How long alerts and incidents, and what was told of them and why not, are kept, days; null for the collector's. */
  incidentsDays: integer('incidents_days'),
  notificationsDays: integer('notifications_days'),
  /** Most samples and series of a query, and its longest time; null for the collector's setting. */
  querySamples: integer('query_samples'),
  querySeries: integer('query_series'),
  queryTimeoutMs: integer('query_timeout_ms'),
  tier: text('tier').notNull().default('enterprise'),
  /** Since when nobody gets in and nothing is taken; null while it is in use. */
  suspendedAt: unixMs('suspended_at'),
  /** Whether who signs in with a password needs a second factor, too. */
  requireTotp: boolean('require_totp').notNull().default(false),
});

/** What tenants of a tier may use: limits by name. */
export const tier = pgTable('tier', {
  name: text('name').primaryKey(),
  limits: jsonb('limits').$type<Record<string, number>>().notNull(),
  position: integer('position').notNull(),
});

/** A person, who may belong to several tenants. */
export const account = pgTable('account', {
  id: text('id').primaryKey(),
  /** In lower case. */
  email: text('email').notNull().unique(),
  name: text('name').notNull(),
  /** `scrypt$…`; null for one who signs in elsewhere. */
  passwordHash: text('password_hash'),
  /** In base32; null without a second factor. */
  totpSecret: text('totp_secret'),
  /** One that was shown, and becomes the secret when a code of it is given. */
  totpPending: text('totp_pending'),
  /** Of the last code that was used: none counts twice. */
  totpStep: bigint('totp_step', { mode: 'number' }).notNull().default(0),
  /** SHA-256, hexadecimal, of the codes that are left. */
  recoveryHashes: text('recovery_hashes')
    .array()
    .notNull()
    .default(sql`'{}'::text[]`),
  /** Who they are at the issuer they sign in with. */
  issuer: text('issuer'),
  subject: text('subject'),
  createdAt: unixMs('created_at').notNull(),
});

/** Key pairs that tokens are signed with. Of no tenant. */
export const tokenKey = pgTable('token_key', {
  kid: text('kid').primaryKey(),
  /** The private key as a JWK. */
  jwk: jsonb('jwk').$type<Record<string, string>>().notNull(),
  createdAt: unixMs('created_at').notNull(),
});

export const membership = pgTable(
  'membership',
  {
    tenantId: integer('tenant_id').notNull(),
    accountId: text('account_id').notNull(),
    role: text('role').notNull(),
    createdAt: unixMs('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.accountId] }),
    index('membership_account').on(table.accountId),
  ],
);

export const invitation = pgTable(
  'invitation',
  {
    tenantId: integer('tenant_id').notNull(),
    hash: bytea('hash').notNull(),
    email: text('email').notNull(),
    role: text('role').notNull(),
    createdAt: unixMs('created_at').notNull(),
    expiresAt: unixMs('expires_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.hash] })],
);

export const apiKey = pgTable(
  'api_key',
  {
    tenantId: integer('tenant_id').notNull(),
    /** SHA-256 of the key; the key itself is shown once and never kept. */
    hash: bytea('hash').notNull(),
    name: text('name').notNull(),
    scope: text('scope').notNull(),
    lastFour: text('last_four').notNull(),
    createdAt: unixMs('created_at').notNull(),
    /** The only host that the key may ship for; null for any. */
    host: text('host'),
    revokedAt: unixMs('revoked_at'),
    expiresAt: unixMs('expires_at'),
    /** To the minute. */
    lastUsedAt: unixMs('last_used_at'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.hash] }), index('api_key_hash').on(table.hash)],
);

export const signInCode = pgTable(
  'sign_in_code',
  {
    tenantId: integer('tenant_id').notNull(),
    hash: bytea('hash').notNull(),
    expiresAt: unixMs('expires_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.hash] })],
);

export const session = pgTable(
  'session',
  {
    tenantId: integer('tenant_id').notNull(),
    hash: bytea('hash').notNull(),
    expiresAt: unixMs('expires_at').notNull(),
    /** Null for who followed the link that a start prints. */
    accountId: text('account_id'),
    createdAt: unixMs('created_at').notNull().default(0),
    lastUsedAt: unixMs('last_used_at'),
    /** How it began: `password`, `totp`, `oidc`, `link`. */
    factor: text('factor').notNull().default('password'),
    /** Of the browser that began it, as it called itself, and its network address. */
    agent: text('agent').notNull().default(''),
    address: text('address').notNull().default(''),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.hash] }),
    index('session_hash').on(table.hash),
    index('session_account').on(table.tenantId, table.accountId),
  ],
);

export const host = pgTable(
  'host',
  {
    tenantId: integer('tenant_id').notNull(),
    hostId: integer('host_id').notNull(),
    name: text('name').notNull(),
    createdAt: unixMs('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.hostId] }),
    uniqueIndex('host_name').on(table.tenantId, table.name),
  ],
);

/** Lets hosts in: each use gives one host a key of its own. */
export const enrolToken = pgTable(
  'enrol_token',
  {
    tenantId: integer('tenant_id').notNull(),
    /** SHA-256 of the token; the token itself is shown once and never kept. */
    hash: bytea('hash').notNull(),
    name: text('name').notNull(),
    createdAt: unixMs('created_at').notNull(),
    expiresAt: unixMs('expires_at').notNull(),
    usesLeft: integer('uses_left').notNull(),
    /** The last host that it let in. */
    usedBy: text('used_by'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.hash] }), index('enrol_token_hash').on(table.hash)],
);

/** Which machine a host is, by hashes of what the machine says of itself. */
export const enrolledHost = pgTable(
  'enrolled_host',
  {
    tenantId: integer('tenant_id').notNull(),
    host: text('host').notNull(),
    identity: jsonb('identity').$type<Record<string, string>>().notNull(),
    enrolledAt: unixMs('enrolled_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.host] })],
);

/** What the columns of a host's batches are: the schema's bytes, and the series that each column is. */
export const hostSchema = pgTable(
  'host_schema',
  {
    tenantId: integer('tenant_id').notNull(),
    hostId: integer('host_id').notNull(),
    hash: bytea('hash').notNull(),
    body: bytea('body').notNull(),
    seriesIds: integer('series_ids').array().notNull(),
    /** Whether an agent sends it: its series end when that falls silent. */
    agent: boolean('agent').notNull().default(false),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.hostId, table.hash] })],
);

export const series = pgTable(
  'series',
  {
    tenantId: integer('tenant_id').notNull(),
    seriesId: integer('series_id').notNull(),
    hostId: integer('host_id').notNull(),
    name: text('name').notNull(),
    /** Without `host`. */
    labels: jsonb('labels').$type<Record<string, string>>().notNull(),
    signatureHash: bytea('signature_hash').notNull(),
    kind: text('kind').notNull(),
    unit: text('unit').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.seriesId] }),
    uniqueIndex('series_signature').on(table.tenantId, table.hostId, table.signatureHash),
  ],
);

/** Hosts whose samples are being deleted: kept until all are gone. */
export const deletion = pgTable(
  'deletion',
  {
    tenantId: integer('tenant_id').notNull(),
    hostId: integer('host_id').notNull(),
    /** Of the transaction that deleted the host: older ones may still write samples. */
    transaction: bigint('transaction', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.hostId] })],
);

export const rule = pgTable(
  'rule',
  {
    tenantId: integer('tenant_id').notNull(),
    id: text('id').notNull(),
    body: jsonb('body').notNull(),
    createdAt: unixMs('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
);

/** Rule groups as they were put: files in Prometheus's YAML. */
export const ruleFile = pgTable(
  'rule_file',
  {
    tenantId: integer('tenant_id').notNull(),
    name: text('name').notNull(),
    body: text('body').notNull(),
    updatedAt: unixMs('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.name] })],
);

export const alert = pgTable(
  'alert',
  {
    tenantId: integer('tenant_id').notNull(),
    id: text('id').notNull(),
    state: text('state').notNull(),
    since: unixMs('since').notNull(),
    body: jsonb('body').notNull(),
    incidentId: text('incident_id'),
    /** The state that the pipeline has dealt with; null while it knows nothing of the alert. */
    decided: text('decided'),
    /** Whether it was told that it fires. */
    told: boolean('told').notNull().default(false),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    index('alert_open').on(table.tenantId, table.state, table.since),
    index('alert_incident').on(table.tenantId, table.incidentId),
    index('alert_undecided')
      .on(table.tenantId)
      .where(sql`state <> 'pending' and decided is distinct from state`),
  ],
);

/** Which collector does what only one may do for a tenant, and until when unless it says so again. */
export const lease = pgTable(
  'lease',
  {
    tenantId: integer('tenant_id').notNull(),
    duty: text('duty').notNull(),
    holder: text('holder').notNull(),
    /** Counts the holders. */
    term: integer('term').notNull(),
    /** Unix ms by the database's clock. */
    expiresAt: unixMs('expires_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.duty] })],
);

/** Which collectors run, and until when unless they say so again. */
export const collector = pgTable('collector', {
  /** As the holder of its leases. */
  holder: text('holder').primaryKey(),
  /** Where agents reach it; null where they are not to be told of it. */
  url: text('url'),
  /** Unix ms by the database's clock. */
  expiresAt: unixMs('expires_at').notNull(),
});

/** Routes, silences, inhibitions, rotations and overrides, by kind. */
export const alertPolicy = pgTable(
  'alert_policy',
  {
    tenantId: integer('tenant_id').notNull(),
    kind: text('kind').notNull(),
    id: text('id').notNull(),
    body: jsonb('body').notNull(),
    createdAt: unixMs('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.kind, table.id] })],
);

export const incident = pgTable(
  'incident',
  {
    tenantId: integer('tenant_id').notNull(),
    id: text('id').notNull(),
    status: text('status').notNull(),
    openedAt: unixMs('opened_at').notNull(),
    resolvedAt: unixMs('resolved_at'),
    priority: doublePrecision('priority').notNull(),
    body: jsonb('body').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    index('incident_time').on(table.tenantId, table.openedAt),
    index('incident_open')
      .on(table.tenantId)
      .where(sql`status = 'open'`),
  ],
);

export const incidentEntry = pgTable(
  'incident_entry',
  {
    tenantId: integer('tenant_id').notNull(),
    incidentId: text('incident_id').notNull(),
    number: integer('number').notNull(),
    at: unixMs('at').notNull(),
    body: jsonb('body').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.incidentId, table.number] })],
);

/** Why each beginning and end of an alert was told, or was not. */
export const alertDecision = pgTable(
  'alert_decision',
  {
    tenantId: integer('tenant_id').notNull(),
    id: text('id').notNull(),
    at: unixMs('at').notNull(),
    incidentId: text('incident_id').notNull(),
    kind: text('kind').notNull(),
    told: boolean('told').notNull(),
    reason: text('reason').notNull(),
    body: jsonb('body').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    index('alert_decision_time').on(table.tenantId, table.at),
    index('alert_decision_incident').on(table.tenantId, table.incidentId),
  ],
);

/** Deployments and the like. */
export const changeEvent = pgTable(
  'change_event',
  {
    tenantId: integer('tenant_id').notNull(),
    id: text('id').notNull(),
    at: unixMs('at').notNull(),
    /** The same as `at` where it has no end. */
    until: unixMs('until').notNull(),
    kind: text('kind').notNull(),
    /** Empty: everywhere. */
    host: text('host').notNull(),
    body: jsonb('body').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    index('change_event_time').on(table.tenantId, table.at),
  ],
);

/** Of no tenant: what collectors sign addresses with. */
export const signingKey = pgTable('signing_key', {
  name: text('name').primaryKey(),
  secret: text('secret').notNull(),
  createdAt: unixMs('created_at').notNull(),
});

export const anomaly = pgTable(
  'anomaly',
  {
    tenantId: integer('tenant_id').notNull(),
    id: text('id').notNull(),
    host: text('host').notNull(),
    start: unixMs('start').notNull(),
    /** Null while it lasts. */
    end: unixMs('end'),
    peakScore: doublePrecision('peak_score').notNull(),
    body: jsonb('body').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    index('anomaly_time').on(table.tenantId, table.start),
  ],
);

/** What several series of a host showed together. */
export const anomalyEvent = pgTable(
  'anomaly_event',
  {
    tenantId: integer('tenant_id').notNull(),
    id: text('id').notNull(),
    host: text('host').notNull(),
    start: unixMs('start').notNull(),
    /** Null while it lasts. */
    end: unixMs('end'),
    peakSurprise: doublePrecision('peak_surprise').notNull(),
    body: jsonb('body').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    index('anomaly_event_time').on(table.tenantId, table.start),
    index('anomaly_event_open')
      .on(table.tenantId)
      .where(sql`"end" is null`),
  ],
);

/** What detectors have learnt of a host, to be gone on with after a restart. */
export const learntState = pgTable(
  'learnt_state',
  {
    tenantId: integer('tenant_id').notNull(),
    hostId: integer('host_id').notNull(),
    lane: integer('lane').notNull(),
    /** Of what is in it: collectors of several versions keep their own. */
    version: integer('version').notNull(),
    body: bytea('body').notNull(),
    savedAt: unixMs('saved_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.hostId, table.lane, table.version] })],
);

/** Of version 5: collectors from before `learnt_state` write it, also while they run beside newer ones. */
export const detectorState = pgTable(
  'detector_state',
  {
    tenantId: integer('tenant_id').notNull(),
    hostId: integer('host_id').notNull(),
    lane: integer('lane').notNull(),
    body: bytea('body').notNull(),
    savedAt: unixMs('saved_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.hostId, table.lane] })],
);

/** How a tenant's rules fare, as the collector that decides for it has last told the others. */
export const ruleBoard = pgTable('rule_board', {
  tenantId: integer('tenant_id').primaryKey(),
  body: jsonb('body').notNull(),
  savedAt: unixMs('saved_at').notNull(),
});

/** How a tenant wants its hosts watched. */
export const detectionSettings = pgTable(
  'detection_settings',
  {
    tenantId: integer('tenant_id').notNull(),
    id: text('id').notNull(),
    body: jsonb('body').notNull(),
    createdAt: unixMs('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
);

/** Anomalies that were made to see whether they are found. */
export const anomalyCanary = pgTable(
  'anomaly_canary',
  {
    tenantId: integer('tenant_id').notNull(),
    id: text('id').notNull(),
    host: text('host').notNull(),
    at: unixMs('at').notNull(),
    body: jsonb('body').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    index('anomaly_canary_time').on(table.tenantId, table.at),
  ],
);

/** What somebody said of an event. */
export const anomalyFeedback = pgTable(
  'anomaly_feedback',
  {
    tenantId: integer('tenant_id').notNull(),
    eventId: text('event_id').notNull(),
    host: text('host').notNull(),
    at: unixMs('at').notNull(),
    body: jsonb('body').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.eventId] })],
);

/** Named layouts of elements. */
export const dashboard = pgTable(
  'dashboard',
  {
    tenantId: integer('tenant_id').notNull(),
    id: text('id').notNull(),
    body: jsonb('body').notNull(),
    createdAt: unixMs('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
);

export const channel = pgTable(
  'channel',
  {
    tenantId: integer('tenant_id').notNull(),
    id: text('id').notNull(),
    body: jsonb('body').notNull(),
    enabled: boolean('enabled').notNull().default(true),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
);

export const notification = pgTable(
  'notification',
  {
    tenantId: integer('tenant_id').notNull(),
    id: text('id').notNull(),
    channelId: text('channel_id').notNull(),
    incidentId: text('incident_id').notNull().default(''),
    /** 1, 2, 3, … of its incident: a channel hears of them in this order. */
    number: integer('number').notNull().default(0),
    body: jsonb('body').notNull(),
    createdAt: unixMs('created_at').notNull(),
    attempts: integer('attempts').notNull().default(0),
    /** When to try next; null once sent or given up. */
    dueAt: unixMs('due_at'),
    sentAt: unixMs('sent_at'),
    error: text('error'),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    index('notification_incident').on(table.tenantId, table.incidentId),
    index('notification_time').on(table.tenantId, table.createdAt),
    index('notification_due')
      .on(table.dueAt)
      .where(sql`due_at is not null`),
  ],
);

/** Answers to requests that are meant to be made once, by the client's own key. */
export const idempotencyKey = pgTable(
  'idempotency_key',
  {
    tenantId: integer('tenant_id').notNull(),
    /** SHA-256 of who asks and the key. */
    hash: bytea('hash').notNull(),
    /** SHA-256 of what is asked. */
    request: bytea('request').notNull(),
    createdAt: unixMs('created_at').notNull(),
    /** Null while the first request is under way. */
    status: integer('status'),
    body: text('body'),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.hash] }),
    index('idempotency_key_time').on(table.tenantId, table.createdAt),
  ],
);

/** Other sites whose pages may ask for the tenant's data. */
export const corsOrigin = pgTable(
  'cors_origin',
  {
    tenantId: integer('tenant_id').notNull(),
    origin: text('origin').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.origin] })],
);

/** What a tenant, or one of its keys, may use; without a row there is no limit. */
export const tenantLimit = pgTable(
  'tenant_limit',
  {
    tenantId: integer('tenant_id').notNull(),
    name: text('name').notNull(),
    /** The id of a key; empty for all of the tenant together. */
    key: text('key').notNull().default(''),
    value: doublePrecision('value').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.name, table.key] })],
);

/** What is left of a limit by time: collectors take from it in parts. */
export const limitBucket = pgTable(
  'limit_bucket',
  {
    tenantId: integer('tenant_id').notNull(),
    name: text('name').notNull(),
    key: text('key').notNull(),
    tokens: doublePrecision('tokens').notNull(),
    /** What was last taken. */
    taken: doublePrecision('taken').notNull(),
    at: unixMs('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.name, table.key] })],
);

/** What was used, by day (UTC) and host. What still lies in `batch` is not in it. */
export const usage = pgTable(
  'usage',
  {
    tenantId: integer('tenant_id').notNull(),
    /** Days since 1970. */
    day: integer('day').notNull(),
    /** Empty for what is of no host, or of hosts that were deleted. */
    host: text('host').notNull(),
    what: text('what').notNull(),
    amount: doublePrecision('amount').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.day, table.host, table.what] })],
);

/** Every change that somebody made. Each entry's hash covers the one before. */
export const audit = pgTable(
  'audit',
  {
    tenantId: integer('tenant_id').notNull(),
    /** 1, 2, 3, … of the tenant. */
    number: integer('number').notNull(),
    at: unixMs('at').notNull(),
    /** What the hash is of: canonical JSON. */
    body: text('body').notNull(),
    hash: bytea('hash').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.number] }),
    index('audit_time').on(table.tenantId, table.at),
  ],
);

/** What became of a host's samples: by its agents' own accounts, and what was stored of theirs, which has no source. */
export const ledger = pgTable(
  'ledger',
  {
    tenantId: integer('tenant_id').notNull(),
    hostId: integer('host_id').notNull(),
    /** Hours since 1970. */
    hour: integer('hour').notNull(),
    /** Names an agent's account; empty for what collectors count themselves. */
    source: text('source').notNull(),
    taken: bigint('taken', { mode: 'number' }).notNull().default(0),
    sent: bigint('sent', { mode: 'number' }).notNull().default(0),
    /** By reason. */
    dropped: jsonb('dropped').$type<Record<string, number>>().notNull().default({}),
    crashes: integer('crashes').notNull().default(0),
    /** Of batches that are put away; those that are not have it themselves. */
    stored: bigint('stored', { mode: 'number' }).notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.hostId, table.hour, table.source] })],
);

export const ledgerSource = pgTable(
  'ledger_source',
  {
    tenantId: integer('tenant_id').notNull(),
    hostId: integer('host_id').notNull(),
    source: text('source').notNull(),
    /** Before it all that was taken is in the account. */
    through: unixMs('through').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.hostId, table.source] })],
);

/** Of an installation of several databases, in the first: where tenants are that are not there, or move. */
export const tenantPlace = pgTable('tenant_place', {
  tenantId: integer('tenant_id').primaryKey(),
  name: text('name').notNull(),
  /** Where it is. */
  database: text('database').notNull(),
  /** `copying`, `closing`, `clearing`; null while it stays where it is. */
  step: text('step'),
  /** Where it goes; while it is cleared, where it was. */
  other: text('other'),
  /** Counts its moves. */
  moves: integer('moves').notNull().default(0),
  /** Since when its step is what it is, unix ms by the database's clock. */
  changedAt: unixMs('changed_at').notNull().default(0),
});

/** Tenants whose rows in this database are not to be touched: they are copied into it, or were moved away. */
export const closedTenant = pgTable('closed_tenant', {
  tenantId: integer('tenant_id').primaryKey(),
  closedAt: unixMs('closed_at').notNull(),
});

/** Rows that were written while their tenant was copied: by table and the rest of the primary key. */
export const moveLog = pgTable(
  'move_log',
  {
    tenantId: integer('tenant_id').notNull(),
    id: uuid('id').notNull().defaultRandom(),
    table: text('table').notNull(),
    key: text('key').array().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
);
