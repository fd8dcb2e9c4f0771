import { describeError, expectationOf, parseUsd, TarsierError } from '@tarsier/protocol';
import { usdSchema } from '@tarsier/protocol/api';
import { z } from 'zod';
import { allowedFrom } from './notify/egress/allowed.ts';
import { logFormats, logLevels, type LogFormat } from './log.ts';

const listenAddress = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/u, 'expected HOST:PORT, as in 127.0.0.1:7077')
  .transform((text, context) => {
    const at = text.lastIndexOf(':');
    const port = Number(text.slice(at + 1));
    if (port > 65_535) {
      context.addIssue({ code: 'custom', message: 'expected a port from 0 to 65535' });
      return z.NEVER;
    }
    return { host: text.slice(0, at).replaceAll(/[[\]]/gu, ''), port };
  });

const environmentSchema = z.object({
  TARSIER_LISTEN: listenAddress.prefault('127.0.0.1:7077'),
  TARSIER_DATA: z.string().min(1).default('./tarsier-data'),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/u, error: 'expected postgres://USER:PASSWORD@HOST:PORT/DATABASE' })
    .optional(),
  TARSIER_DATABASES: z
    .string()
    .transform((text, context) => {
      const entries = text.split(/[\s,]+/u).flatMap((entry): [string, string][] => {
        if (entry === '') return [];
        const [, name = '', url = ''] = /^([a-z][a-z0-9-]{0,30})=(postgres(?:ql)?:\/\/.+)$/u.exec(entry) ?? [];
        if (name === '' || name === 'home' || !URL.canParse(url)) {
          context.addIssue({
            code: 'custom',
            message:
              'expected NAME=postgres://USER:PASSWORD@HOST:PORT/DATABASE, more of them after a comma; home is DATABASE_URL',
          });
        }
        return [[name, url]];
      });
      const databases = new Map(entries);
      if (databases.size < entries.length) {
        context.addIssue({ code: 'custom', message: 'expected a name of its own for each database' });
      }
      return databases;
    })
    .prefault(''),
  TARSIER_WEB_ROOT: z.string().min(1).optional(),
  TARSIER_PUBLIC_URL: z.url({ protocol: /^https?$/u, error: 'expected http://… or https://…' }).optional(),
  TARSIER_ADVERTISE_URL: z
    .url({ protocol: /^https?$/u, error: 'expected http://… or https://…, as agents reach this collector' })
    .transform((url, context) => {
      const { origin, href } = new URL(url);
      if (href === `${origin}/`) return origin;
      context.addIssue({ code: 'custom', message: 'expected scheme, host and port alone, as in http://10.0.0.2:7077' });
      return z.NEVER;
    })
    .optional(),
  TARSIER_RETENTION_DAYS: z.coerce.number('expected a number of days').min(1).max(3_650).default(7),
  TARSIER_RETENTION_MINUTES_DAYS: z.coerce.number('expected a number of days').min(1).max(3_650).default(90),
  TARSIER_RETENTION_HOURS_DAYS: z.coerce.number('expected a number of days').min(1).max(36_500).default(1_100),
  TARSIER_RETENTION_INCIDENTS_DAYS: z.coerce.number('expected a number of days').min(31).max(36_500).default(400),
  TARSIER_RETENTION_NOTIFICATIONS_DAYS: z.coerce.number('expected a number of days').min(1).max(36_500).default(90),
  TARSIER_MAX_SERIES: z.coerce.number('expected a number of series').int().min(1).max(100_000_000).default(1_000_000),
  TARSIER_QUERY_SAMPLES: z.coerce.number('expected a number of samples').int().min(1).max(1e9).default(50_000_000),
  TARSIER_QUERY_SERIES: z.coerce.number('expected a number of series').int().min(1).max(1e7).default(20_000),
  TARSIER_QUERY_SECONDS: z.coerce.number('expected a number of seconds').min(1).max(3_600).default(120),
  TARSIER_SLOW_QUERY_SECONDS: z.coerce.number('expected a number of seconds').min(0).max(3_600).default(5),
  TARSIER_MAX_AGE_HOURS: z.coerce.number('expected a number of hours').min(1).max(720).default(24),
  TARSIER_JOB_THREADS: z.coerce.number('expected a number of threads').int().min(0).max(256).default(1),
  TARSIER_JOB_PRICE: usdSchema.default('0.00005'),
  TARSIER_LEASE_SECONDS: z.coerce.number('expected a number of seconds').min(2).max(300).default(10),
  TARSIER_COMMANDS: z.string().min(1).optional(),
  TARSIER_EGRESS_ALLOW: z
    .string()
    .transform((text, context) => {
      const entries = text.split(',').flatMap((entry) => (entry.trim() === '' ? [] : [entry.trim()]));
      try {
        allowedFrom(entries);
        return entries;
      } catch (error) {
        context.addIssue({ code: 'custom', message: describeError(error) });
        return z.NEVER;
      }
    })
    .prefault(''),
  TARSIER_METRICS_TOKEN: z
    .string()
    .regex(/^[\u0021-\u007e]{16,1000}$/u, 'expected at least 16 printable characters')
    .optional(),
  TARSIER_LOG: z.enum(logLevels).default('info'),
  TARSIER_LOG_FORMAT: z.enum(logFormats).default('text'),
  TARSIER_TLS_CERT: z.string().min(1).optional(),
  TARSIER_TLS_KEY: z.string().min(1).optional(),
  TARSIER_TLS_CLIENT_CA: z.string().min(1).optional(),
  TARSIER_OIDC: z.string().min(1).optional(),
});

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly clientCa: string | undefined;
}

export interface CollectorConfig {
  readonly listen: { readonly host: string; readonly port: number };
  readonly dataFolder: string;
  /** Absent: the embedded PostgreSQL. */
  readonly databaseUrl: string | undefined;
  /** URLs of further databases that tenants may be in, by name. */
  readonly databases: ReadonlyMap<string, string>;
  /** Folder of the built page; absent: only the API is served. */
  readonly webRoot: string | undefined;
  /** How people reach it, where that is not the address it listens on. */
  readonly publicUrl: string | undefined;
  /** Where agents reach this one of several collectors; absent: they are not told of it. */
  readonly advertiseUrl: string | undefined;
  /** How long samples, rollups by minute and rollups by hour are kept, days. */
  readonly retention: { readonly samples: number; readonly minutes: number; readonly hours: number };
  /** How long incidents that are over, and what was told of them and why not, are kept, days. */
  readonly alertRetention: { readonly incidents: number; readonly notifications: number };
  /** Most series of a tenant that has no limit of its own. */
  readonly maxSeries: number;
  /** What a query of a tenant without limits of its own may, and from when on it is logged as slow. */
  readonly query: {
    readonly samples: number;
    readonly series: number;
    readonly timeoutMs: number;
    readonly slowMs: number;
  };
  /** Oldest sample that is accepted, ms before now. */
  readonly maxAgeMs: number;
  /** CPU-heavy jobs that run at once; 0: only those that need no thread. */
  readonly jobThreads: number;
  /** Of a second of CPU of a job, billionths of USD. */
  readonly jobPrice: number;
  /** Of several collectors, after how long without a sign another decides in the place of one, ms. */
  readonly leaseMs: number;
  /** Folder of the programs that channels may run; absent: they may run none. */
  readonly commandsFolder: string | undefined;
  /** What channels may reach besides public addresses: networks, addresses, names. */
  readonly egressAllow: readonly string[];
  /** Whoever has it may read `/metrics`; absent: programs of this machine. */
  readonly metricsToken: string | undefined;
  readonly logLevel: z.infer<typeof environmentSchema>['TARSIER_LOG'];
  readonly logFormat: LogFormat;
  /** Files in PEM; absent: plain HTTP. With `clientCa` clients must show a certificate of it. */
  readonly tls: TlsFiles | undefined;
  /** File that says where people may sign in besides here; absent: nowhere. */
  readonly oidcFile: string | undefined;
}

/** Database URLs hold passwords. */
const secret: ReadonlySet<string> = new Set(['DATABASE_URL', 'TARSIER_DATABASES', 'TARSIER_METRICS_TOKEN']);

/**
 * Settings from the environment; an empty variable counts as unset.
 *
 * @throws {TarsierError} `config/environment`, naming each bad variable, what came and what was expected
 */
export function loadConfig(environment: Readonly<Record<string, string | undefined>>): CollectorConfig {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      const shown = secret.has(name) ? '(not shown)' : JSON.stringify(given[name]);
      return `${name}=${shown}: ${expectationOf(issue)}`;
    });
    throw new TarsierError('config/environment', problems.join('; '));
  }
  const settings = parsed.data;
  return {
    listen: settings.TARSIER_LISTEN,
    dataFolder: settings.TARSIER_DATA,
    databaseUrl: settings.DATABASE_URL,
    databases: settings.TARSIER_DATABASES,
    webRoot: settings.TARSIER_WEB_ROOT,
    publicUrl: settings.TARSIER_PUBLIC_URL,
    advertiseUrl: settings.TARSIER_ADVERTISE_URL,
    retention: {
      samples: settings.TARSIER_RETENTION_DAYS,
      minutes: settings.TARSIER_RETENTION_MINUTES_DAYS,
      hours: settings.TARSIER_RETENTION_HOURS_DAYS,
    },
    alertRetention: {
      incidents: settings.TARSIER_RETENTION_INCIDENTS_DAYS,
      notifications: settings.TARSIER_RETENTION_NOTIFICATIONS_DAYS,
    },
    maxSeries: settings.TARSIER_MAX_SERIES,
    query: {
      samples: settings.TARSIER_QUERY_SAMPLES,
      series: settings.TARSIER_QUERY_SERIES,
      timeoutMs: settings.TARSIER_QUERY_SECONDS * 1_000,
      slowMs: settings.TARSIER_SLOW_QUERY_SECONDS * 1_000,
    },
    maxAgeMs: settings.TARSIER_MAX_AGE_HOURS * 3_600_000,
    jobThreads: settings.TARSIER_JOB_THREADS,
    jobPrice: parseUsd(settings.TARSIER_JOB_PRICE) ?? 0,
    leaseMs: settings.TARSIER_LEASE_SECONDS * 1_000,
    commandsFolder: settings.TARSIER_COMMANDS,
    egressAllow: settings.TARSIER_EGRESS_ALLOW,
    metricsToken: settings.TARSIER_METRICS_TOKEN,
    logLevel: settings.TARSIER_LOG,
    logFormat: settings.TARSIER_LOG_FORMAT,
    tls: tlsOf(settings),
    oidcFile: settings.TARSIER_OIDC,
  };
}

function tlsOf({
  TARSIER_TLS_CERT: cert,
  TARSIER_TLS_KEY: key,
  TARSIER_TLS_CLIENT_CA: clientCa,
}: z.infer<typeof environmentSchema>): TlsFiles | undefined {
  if (cert !== undefined && key !== undefined) return { cert, key, clientCa };
  if (cert === undefined && key === undefined && clientCa === undefined) return undefined;
  const missing = cert === undefined ? 'TARSIER_TLS_CERT' : 'TARSIER_TLS_KEY';
  throw new TarsierError('config/environment', `${missing}: expected a file, since there are other settings of TLS`);
}
