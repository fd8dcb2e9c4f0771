import { createHash } from 'node:crypto';
import {
  decodeSchema,
  seriesSignature,
  TarsierError,
  type Labels,
  type MetricKind,
  type SeriesSchema,
} from '@tarsier/protocol';
import { noHost } from '../no-host.ts';
import { sees, type TenantScope } from '../tenant.ts';
import { TooManySeriesError } from '../too-many-series.ts';
import type { Database, TarsierTransaction } from './database.ts';
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
   * Makes host, series and schema known, those that are not yet, in a transaction of its own.
   *
   * @param agent  whether an agent sends it; not unless given
   * @throws {TooManySeriesError} when the tenant would have more than its limit
   */
  register(
    scope: TenantScope,
    host: string,
    hash: Uint8Array,
    schemaBytes: Uint8Array,
    agent?: boolean,
  ): Promise<RegisteredSchema>;
  /** Notes that an agent sends it. @returns the same, so noted */
  sentByAgent(schema: RegisteredSchema): Promise<RegisteredSchema>;
  /** What hosts say of their metrics, by name; the newest of the schemas if there are very many. */
  help(scope: TenantScope): Promise<ReadonlyMap<string, string>>;
  /** All schemas that a host ever used. */
  schemasOfHost(scope: TenantScope, hostId: number): Promise<readonly RegisteredSchema[]>;
  /** Series that may match: exact conditions on the name and the host are applied, the others are the caller's. */
  candidates(scope: TenantScope, matchers: readonly Matcher[]): Promise<readonly SeriesRow[]>;
}

/** More say what these said already, and would only take time. */
const mostHelpSchemas = 200;

interface SchemaRow {
  readonly host_id: number;
  readonly name: string;
  readonly hash: Uint8Array;
  readonly body: Uint8Array;
  readonly series_ids: readonly number[];
  readonly agent: boolean;
}

export function createSeriesCatalog(database: Database, now: () => number, maxSeries: number): SeriesCatalog {
  const { run, begin } = database;
  const index = createSeriesIndex(database);
  const fromRow = (scope: TenantScope, row: SchemaRow): RegisteredSchema => ({
    scope,
    hostId: row.host_id,
    host: row.name,
    // The driver hands out Node's Buffer.
    hash: new Uint8Array(row.hash),
    schema: decodeSchema(row.body, row.name === noHost),
    seriesIds: Int32Array.from(row.series_ids),
    agent: row.agent,
  });

  return {
    ...index,

    async schemaOf(scope, host, hash) {
      const [row] = await run(
        scope,
        (sql) => sql<SchemaRow[]>`
        select s.host_id, h.name, s.hash, s.body, s.series_ids, s.agent
        from host h join host_schema s on s.tenant_id = h.tenant_id and s.host_id = h.host_id
        where h.tenant_id = ${scope.tenantId} and h.name = ${host} and s.hash = ${hash}`,
      );
      return row === undefined ? undefined : fromRow(scope, row);
    },

    async register(scope, host, hash, schemaBytes, agent = false) {
      const schema = decodeSchema(schemaBytes, host === noHost);
      return begin(scope, async (tx) => {
        // The tenant's row is the lock: numbers are given out once, and the same series never gets two.
        const [limits] = await tx<{ series_count: number; max_series: number | null }[]>`
          select series_count,
            coalesce(max_series, (select (limits ->> 'series')::float8 from tier where tier.name = tenant.tier)) as max_series
          from tenant where tenant_id = ${scope.tenantId} for update of tenant`;
        const hostId = await ensureHost(tx, scope, host, now());
        const seriesIds = await ensureSeries(tx, scope, hostId, schema, {
          count: limits?.series_count ?? 0,
          most: limits?.max_series ?? maxSeries,
        });
        await tx`
          insert into host_schema (tenant_id, host_id, hash, body, series_ids, agent)
          values (${scope.tenantId}, ${hostId}, ${hash}, ${schemaBytes}, ${seriesIds}::int[], ${agent})
          on conflict do nothing`;
        return { scope, hostId, host, hash, schema, seriesIds: Int32Array.from(seriesIds), agent };
      });
    },

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

async function ensureHost(
  tx: TarsierTransaction,
  { tenantId }: TenantScope,
  host: string,
  now: number,
): Promise<number> {
  const [known] = await tx<
    { host_id: number }[]
  >`select host_id from host where tenant_id = ${tenantId} and name = ${host}`;
  if (known !== undefined) return known.host_id;
  const hostId = await takeNumbers(tx, tenantId, 'next_host_id', 1);
  await tx`insert into host (tenant_id, host_id, name, created_at) values (${tenantId}, ${hostId}, ${host}, ${now})`;
  return hostId;
}

async function ensureSeries(
  tx: TarsierTransaction,
  scope: TenantScope,
  hostId: number,
  schema: SeriesSchema,
  limit: SeriesLimit,
): Promise<number[]> {
  const { tenantId } = scope;
  const wanted = schema.series.map(({ metric, labels }) => {
    const description = schema.metrics[metric];
    if (description === undefined) throw new RangeError(`metric ${metric} is not in the schema`);
    const signature = seriesSignature({ name: description.name, labels });
    return {
      description,
      labels,
      hash: createHash('sha256').update(signature).digest().subarray(0, 16).toString('hex'),
    };
  });
  const hashes = wanted.map(({ hash }) => hash);
  if (new Set(hashes).size < hashes.length) {
    throw new TarsierError('batch/schema', 'schema.series: expected each series once, got one twice', {
      field: 'schema.series',
    });
  }
  const known = await tx<{ series_id: number; hash: string }[]>`
    select series_id, encode(signature_hash, 'hex') as hash from series
    where tenant_id = ${tenantId} and host_id = ${hostId}
      and signature_hash = any(array(select decode(hash, 'hex') from unnest(${hashes}::text[]) as wanted(hash)))`;
  const idByHash = new Map(known.map(({ hash, series_id }) => [hash, series_id]));
  const fresh = wanted
    .map(({ description, ...series }, column) => ({ ...series, description, name: description.name, column }))
    .filter(({ hash }) => !idByHash.has(hash));
  if (fresh.length > 0) {
    if (limit.count + fresh.length > limit.most) throw await tooManySeries(tx, scope, limit, fresh);
    await tx`update tenant set series_count = series_count + ${fresh.length} where tenant_id = ${tenantId}`;
    const first = await takeNumbers(tx, tenantId, 'next_series_id', fresh.length);
    for (const [index, { hash }] of fresh.entries()) idByHash.set(hash, first + index);
    await tx`
      insert into series (tenant_id, series_id, host_id, name, labels, signature_hash, kind, unit)
      select ${tenantId}, n.id, ${hostId}, n.name, n.labels::jsonb, decode(n.hash, 'hex'), n.kind, n.unit
      from unnest(
        ${fresh.map((_, index) => first + index)}::int[],
        ${fresh.map(({ name }) => name)}::text[],
        ${fresh.map(({ labels }) => JSON.stringify(labels))}::text[],
        ${fresh.map(({ hash }) => hash)}::text[],
        ${fresh.map(({ description }) => description.kind)}::text[],
        ${fresh.map(({ description }) => description.unit)}::text[]
      ) as n(id, name, labels, hash, kind, unit)`;
  }
  return hashes.map((hash) => idByHash.get(hash) ?? 0);
}

/** How many series a tenant has, and may have. */
interface SeriesLimit {
  readonly count: number;
  readonly most: number;
}

/** Names what to look at: the metric that most of the new series are of, and the one that has the most already. */
async function tooManySeries(
  tx: TarsierTransaction,
  { tenantId, tenant }: TenantScope,
  { count, most }: SeriesLimit,
  fresh: readonly { readonly name: string; readonly column: number }[],
): Promise<TooManySeriesError> {
  const [offender] = [...Map.groupBy(fresh, ({ name }) => name)].toSorted(([, a], [, b]) => b.length - a.length);
  const [largest] = await tx<{ name: string; series: number }[]>`
    select name, count(*)::int as series from series where tenant_id = ${tenantId}
    group by name order by series desc, name limit 1`;
  const already = largest === undefined ? '' : `; most of those there are of ${largest.name} (${largest.series})`;
  return new TooManySeriesError(
    `series: tenant ${tenant} has ${count} of at most ${most}, and ${fresh.length} more were sent, ${offender?.[1].length ?? 0} of them of ${offender?.[0] ?? ''}${already}`,
    fresh.slice(Math.max(0, most - count)).map(({ column }) => column),
  );
}

/** Numbers are given out per tenant, so that they stay small and tell nothing about other tenants. */
async function takeNumbers(
  tx: TarsierTransaction,
  tenantId: number,
  counter: 'next_host_id' | 'next_series_id',
  count: number,
): Promise<number> {
  const [row] = await tx<{ next: number }[]>`
    update tenant set ${tx(counter)} = ${tx(counter)} + ${count} where tenant_id = ${tenantId} returning ${tx(counter)} as next`;
  if (row === undefined) throw new Error(`tenant ${tenantId} is gone`);
  return row.next - count;
}
