import { decodeSchema, type Labels, type MetricKind, type SeriesSchema } from '@tarsier/protocol';
import { noHost } from '../no-host.ts';
import { sees, type TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import { createRegistration, type Register } from './registration.ts';
import { createSeriesIndex, type SeriesIndex } from './series-index/series-index.ts';

/** A schema as this collector knows it: every column has its series. */
export interface RegisteredSchema {
  readonly scope: TenantScope;
  readonly hostId: number;
  readonly host: string;
  /** 16 bytes. */
  readonly hash: Uint8Array;
  readonly schema: SeriesSchema;
  /** The series of each column. */
  readonly seriesIds: Int32Array;
  /** Whether an agent sends it, and not somebody through another door. */
  readonly agent: boolean;
}

/** A condition on a label, as Prometheus has them; the metric's name is the label `__name__`. */
export interface Matcher {
  readonly label: string;
  readonly op: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

export interface SeriesRow {
  readonly seriesId: number;
  readonly hostId: number;
  readonly host: string;
  readonly name: string;
  /** `host` included. */
  readonly labels: Labels;
  readonly kind: MetricKind;
  readonly unit: string;
}

export interface SeriesCatalog extends SeriesIndex {
  schemaOf(scope: TenantScope, host: string, hash: Uint8Array): Promise<RegisteredSchema | undefined>;
  /**
   * Makes host, series and schema known, those that are not yet; together with those of other hosts that come now.
   *
   * @param agent  whether an agent sends it; not unless given
   * @throws {TooManySeriesError} when the tenant would have more than its limit
   */
  readonly register: Register;
  /** Notes that an agent sends it. @returns the same, so noted */
  sentByAgent(schema: RegisteredSchema): Promise<RegisteredSchema>;
  /** What hosts say of their metrics, by name; the newest of the schemas if there are very many. */
  help(scope: TenantScope): Promise<ReadonlyMap<string, string>>;
  /** All schemas that a host ever used. */
  schemasOfHost(scope: TenantScope, hostId: number): Promise<readonly RegisteredSchema[]>;
  /** Series that may match: exact conditions on the name and the host are applied, the others are the caller's. */
  candidates(scope: TenantScope, matchers: readonly Matcher[]): Promise<readonly SeriesRow[]>;
}

/** Of a fleet that comes back thousands of hosts have one of a few. */
const mostShared = 64;
/** More say what these said already, and would only take time. */
const mostHelpSchemas = 200;

interface SchemaRow {
  readonly host_id: number;
  readonly name: string;
  readonly hash: Uint8Array;
  /** Null where it was not asked for. */
  readonly body: Uint8Array | null;
  readonly series_ids: readonly number[];
  readonly agent: boolean;
}

export function createSeriesCatalog(database: Database, now: () => number, maxSeries: number): SeriesCatalog {
  const { run } = database;
  const index = createSeriesIndex(database);
  /** What hosts that are alike have in common is read, decoded and kept once. */
  const shared = new Map<string, SeriesSchema>();

  const keyOf = ({ tenantId }: TenantScope, host: string, hash: Uint8Array): string =>
    `${tenantId}/${host === noHost}/${Buffer.from(hash).toString('hex')}`;

  function decodeOnce(scope: TenantScope, { name, hash, body }: SchemaRow): SeriesSchema {
    const key = keyOf(scope, name, hash);
    // Others that asked at the same time may have decoded it meanwhile.
    let schema = shared.get(key);
    if (schema !== undefined) return schema;
    schema = decodeSchema(body ?? new Uint8Array(), name === noHost);
    const [oldest] = shared.keys();
    if (shared.size >= mostShared && oldest !== undefined) shared.delete(oldest);
    shared.set(key, schema);
    return schema;
  }

  function fromRow(scope: TenantScope, row: SchemaRow, known?: SeriesSchema): RegisteredSchema {
    return {
      scope,
      hostId: row.host_id,
      host: row.name,
      // The driver hands out Node's Buffer.
      hash: new Uint8Array(row.hash),
      schema: known ?? decodeOnce(scope, row),
      seriesIds: Int32Array.from(row.series_ids),
      agent: row.agent,
    };
  }

  return {
    ...index,

    async schemaOf(scope, host, hash) {
      const known = shared.get(keyOf(scope, host, hash));
      const [row] = await run(
        scope,
        (sql) => sql<SchemaRow[]>`
        select s.host_id, h.name, s.hash, ${known === undefined ? sql`s.body` : sql`null`} as body, s.series_ids, s.agent
        from host h join host_schema s on s.tenant_id = h.tenant_id and s.host_id = h.host_id
        where h.tenant_id = ${scope.tenantId} and h.name = ${host} and s.hash = ${hash}`,
      );
      return row === undefined ? undefined : fromRow(scope, row, known);
    },

    register: createRegistration(database, now, maxSeries, index.largestMetric),

    async sentByAgent(known) {
      await run(
        known.scope,
        (sql) => sql`
        update host_schema set agent = true
        where tenant_id = ${known.scope.tenantId} and host_id = ${known.hostId} and hash = ${known.hash}`,
      );
      return { ...known, agent: true };
    },

    async help(scope) {
      // Hosts that are alike have the same schema: most of a fleet's are one.
      const schemas = await run(
        scope,
        (sql) => sql<{ body: Uint8Array }[]>`
        select body from (
          select distinct on (hash) body, host_id from host_schema where tenant_id = ${scope.tenantId} order by hash, host_id desc
        ) as different order by host_id desc limit ${mostHelpSchemas}`,
      );
      const help = new Map<string, string>();
      for (const { body } of schemas) {
        for (const metric of decodeSchema(body, true).metrics) {
          if (metric.help !== '' && !help.has(metric.name)) help.set(metric.name, metric.help);
        }
      }
      return help;
    },

    async schemasOfHost(scope, hostId) {
      const rows = await run(
        scope,
        (sql) => sql<SchemaRow[]>`
        select s.host_id, h.name, s.hash, s.body, s.series_ids, s.agent
        from host h join host_schema s on s.tenant_id = h.tenant_id and s.host_id = h.host_id
        where h.tenant_id = ${scope.tenantId} and h.host_id = ${hostId}`,
      );
      return rows.map((row) => fromRow(scope, row));
    },

    async candidates(scope, matchers) {
      const exact = (label: string): string | null =>
        matchers.find((matcher) => matcher.label === label && matcher.op === '=')?.value ?? null;
      const rows = await run(
        scope,
        (sql) => sql<
          {
            series_id: number;
            host_id: number;
            host: string;
            name: string;
            labels: Labels;
            kind: string;
            unit: string;
          }[]
        >`
        select s.series_id, s.host_id, h.name as host, s.name, s.labels, s.kind, s.unit
        from series s join host h on h.tenant_id = s.tenant_id and h.host_id = s.host_id
        where s.tenant_id = ${scope.tenantId}
          and (${exact('__name__')}::text is null or s.name = ${exact('__name__')})
          and (${exact('host')}::text is null or h.name = ${exact('host')})
        order by h.name, s.series_id`,
      );
      const all = rows.map(({ series_id, host_id, host, name, labels, kind, unit }) => ({
        seriesId: series_id,
        hostId: host_id,
        host,
        name,
        labels: { host, ...labels },
        kind: kind === 'counter' ? ('counter' as const) : ('gauge' as const),
        unit,
      }));
      return all.filter((series) => sees(scope, series));
    },
  };
}
