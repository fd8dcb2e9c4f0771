/**
 * Makes hosts, series and schemas known: of many hosts in one transaction. Each takes the tenant's lock and a flush to
 * the disk, and after a fleet is rolled out thousands come at once.
 */
import { createHash } from 'node:crypto';
import { decodeSchema, seriesSignature, TarsierError, type Labels, type SeriesSchema } from '@tarsier/protocol';
import { noHost } from '../no-host.ts';
import type { TenantScope } from '../tenant.ts';
import { TooManySeriesError } from '../too-many-series.ts';
import type { Database, TarsierTransaction } from './database.ts';
import type { RegisteredSchema } from './series-catalog.ts';

export type Register = (
  scope: TenantScope,
  host: string,
  hash: Uint8Array,
  schemaBytes: Uint8Array,
  agent?: boolean,
) => Promise<RegisteredSchema>;

interface Wanted {
  readonly scope: TenantScope;
  readonly host: string;
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
  readonly agent: boolean;
  readonly schema: SeriesSchema;
  readonly series: readonly WantedSeries[];
}

interface WantedSeries {
  readonly name: string;
  readonly labels: Labels;
  readonly kind: string;
  readonly unit: string;
  /** Of the signature, as hexadecimal. */
  readonly hash: string;
}

interface Waiting {
  readonly wanted: Wanted;
  readonly resolve: (registered: RegisteredSchema) => void;
  readonly reject: (error: unknown) => void;
}

/** Of one transaction: others want the tenant's lock, too. */
const most = { hosts: 64, series: 20_000 } as const;

/** @param maxSeries  of a tenant that has no limit of its own */
export function createRegistration({ begin }: Pick<Database, 'begin'>, now: () => number, maxSeries: number): Register {
  /** By tenant; one that is there is worked on. */
  const queues = new Map<number, Waiting[]>();

  async function work(queue: Waiting[], scope: TenantScope): Promise<void> {
    while (queue.length > 0) {
      let [count, series] = [0, 0];
      for (const { wanted } of queue) {
        series += wanted.series.length;
        if (count > 0 && (count >= most.hosts || series > most.series)) break;
        count++;
      }
      await together(queue.splice(0, count), scope);
    }
    queues.delete(scope.tenantId);
  }

  async function together(group: readonly Waiting[], scope: TenantScope): Promise<void> {
    try {
      const registered = await begin(scope, (tx) =>
        registerAll(
          tx,
          scope,
          group.map(({ wanted }) => wanted),
          now(),
          maxSeries,
        ),
      );
      for (const [at, { resolve, reject }] of group.entries()) {
        const one = registered[at];
        if (one === undefined) reject(new Error('a schema was not registered'));
        else resolve(one);
      }
    } catch (error) {
      // What is wrong with one must not keep the others out. Where the database is away each would wait for it in turn.
      if (group.length > 1 && !isAway(error)) for (const one of group) await together([one], scope);
      else for (const { reject } of group) reject(error);
    }
  }

  return async (scope, host, hash, bytes, agent = false) => {
    const schema = decodeSchema(bytes, host === noHost);
    const wanted: Wanted = { scope, host, hash, bytes, agent, schema, series: wantedOf(schema) };
    return new Promise((resolve, reject) => {
      const queue = queues.get(scope.tenantId);
      const waiting = { wanted, resolve, reject };
      if (queue !== undefined) {
        queue.push(waiting);
        return;
      }
      const begun = [waiting];
      queues.set(scope.tenantId, begun);
      // One turn of the event loop gathers what arrived together.
      setImmediate(() => void work(begun, { tenantId: scope.tenantId, tenant: scope.tenant }));
    });
  };
}

/** The driver's codes, those of the system, and PostgreSQL's for connections that it ends or has no room for. */
function isAway(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(?:CONNECTION_|CONNECT_|E[A-Z]+$|08|53|57P)/u.test(code);
}

function wantedOf(schema: SeriesSchema): WantedSeries[] {
  const wanted = schema.series.map(({ metric, labels }) => {
    const description = schema.metrics[metric];
    if (description === undefined) throw new RangeError(`metric ${metric} is not in the schema`);
    const { name, kind, unit } = description;
    const signature = seriesSignature({ name, labels });
    return {
      name,
      labels,
      kind,
      unit,
      hash: createHash('sha256').update(signature).digest().subarray(0, 16).toString('hex'),
    };
  });
  if (new Set(wanted.map(({ hash }) => hash)).size < wanted.length) {
    throw new TarsierError('batch/schema', 'schema.series: expected each series once, got one twice', {
      field: 'schema.series',
    });
  }
  return wanted;
}

async function registerAll(
  tx: TarsierTransaction,
  scope: TenantScope,
  wanted: readonly Wanted[],
  now: number,
  maxSeries: number,
): Promise<RegisteredSchema[]> {
  const { tenantId } = scope;
  // The tenant's row is the lock: numbers are given out once, and the same series never gets two.
  const [limits] = await tx<{ series_count: number; max_series: number | null }[]>`
    select series_count,
      coalesce(max_series, (select (limits ->> 'series')::float8 from tier where tier.name = tenant.tier)) as max_series
    from tenant where tenant_id = ${tenantId} for update of tenant`;
  const { idByName, isNew } = await ensureHosts(tx, tenantId, [...new Set(wanted.map(({ host }) => host))], now);
  const all = wanted.map((one) => ({ ...one, hostId: idByName.get(one.host) ?? 0 }));
  const seriesIds = await ensureSeries(tx, scope, all, isNew, {
    count: limits?.series_count ?? 0,
    most: limits?.max_series ?? maxSeries,
  });
  const registered = all.map(({ hostId, host, hash, schema, agent, series, scope }) => ({
    scope,
    hostId,
    host,
    hash,
    schema,
    seriesIds: Int32Array.from(series, (one) => seriesIds.get(placeOf(hostId, one)) ?? 0),
    agent,
  }));
  await tx`
    insert into host_schema (tenant_id, host_id, hash, body, series_ids, agent)
    select ${tenantId}, n.host_id, decode(n.hash, 'hex'), decode(n.body, 'base64'), n.series_ids::int[], n.agent = 1
    from unnest(
      ${registered.map(({ hostId }) => hostId)}::int[],
      ${registered.map(({ hash }) => Buffer.from(hash).toString('hex'))}::text[],
      ${wanted.map(({ bytes }) => Buffer.from(bytes).toString('base64'))}::text[],
      ${registered.map((one) => `{${one.seriesIds.join(',')}}`)}::text[],
      ${registered.map(({ agent }) => (agent ? 1 : 0))}::int[]
    ) as n(host_id, hash, body, series_ids, agent)
    on conflict do nothing`;
  return registered;
}

async function ensureHosts(
  tx: TarsierTransaction,
  tenantId: number,
  names: readonly string[],
  now: number,
): Promise<{ readonly idByName: ReadonlyMap<string, number>; readonly isNew: (hostId: number) => boolean }> {
  const known = await tx<{ host_id: number; name: string }[]>`
    select host_id, name from host where tenant_id = ${tenantId} and name = any(${names}::text[])`;
  const idByName = new Map(known.map(({ name, host_id }) => [name, host_id]));
  const fresh = names.filter((name) => !idByName.has(name));
  if (fresh.length === 0) return { idByName, isNew: () => false };
  const first = await takeNumbers(tx, tenantId, 'next_host_id', fresh.length);
  for (const [at, name] of fresh.entries()) idByName.set(name, first + at);
  await tx`
    insert into host (tenant_id, host_id, name, created_at)
    select ${tenantId}, n.id, n.name, ${now}
    from unnest(${fresh.map((_, at) => first + at)}::int[], ${fresh}::text[]) as n(id, name)`;
  return { idByName, isNew: (hostId) => hostId >= first };
}

/** @returns numbers by {@link placeOf} */
async function ensureSeries(
  tx: TarsierTransaction,
  scope: TenantScope,
  hosts: readonly { readonly hostId: number; readonly series: readonly WantedSeries[] }[],
  isNew: (hostId: number) => boolean,
  limit: SeriesLimit,
): Promise<ReadonlyMap<string, number>> {
  const { tenantId } = scope;
  const asked = hosts.filter(({ hostId }) => !isNew(hostId));
  const pairs = asked.flatMap(({ hostId, series }) => series.map(({ hash }) => ({ hostId, hash })));
  const known =
    pairs.length === 0
      ? []
      : await tx<{ series_id: number; host_id: number; hash: string }[]>`
        select s.series_id, s.host_id, w.hash
        from unnest(${pairs.map(({ hostId }) => hostId)}::int[], ${pairs.map(({ hash }) => hash)}::text[])
          as w(host_id, hash)
        join series s on s.tenant_id = ${tenantId} and s.host_id = w.host_id
          and s.signature_hash = decode(w.hash, 'hex')`;
  const ids = new Map(known.map(({ series_id, host_id, hash }) => [placeOf(host_id, { hash }), series_id]));
  const fresh: (WantedSeries & { readonly hostId: number; readonly column: number })[] = [];
  for (const { hostId, series } of hosts) {
    for (const [column, one] of series.entries()) {
      const place = placeOf(hostId, one);
      if (ids.has(place)) continue;
      // Its number is not known yet; that it is in the list is: two schemas of a host may come together.
      ids.set(place, 0);
      fresh.push({ ...one, hostId, column });
    }
  }
  if (fresh.length === 0) return ids;
  if (limit.count + fresh.length > limit.most) throw await tooManySeries(tx, scope, limit, fresh);
  await tx`update tenant set series_count = series_count + ${fresh.length} where tenant_id = ${tenantId}`;
  const first = await takeNumbers(tx, tenantId, 'next_series_id', fresh.length);
  for (const [at, { hostId, hash }] of fresh.entries()) ids.set(placeOf(hostId, { hash }), first + at);
  await tx`
    insert into series (tenant_id, series_id, host_id, name, labels, signature_hash, kind, unit)
    select ${tenantId}, n.id, n.host_id, n.name, n.labels::jsonb, decode(n.hash, 'hex'), n.kind, n.unit
    from unnest(
      ${fresh.map((_, at) => first + at)}::int[],
      ${fresh.map(({ hostId }) => hostId)}::int[],
      ${fresh.map(({ name }) => name)}::text[],
      ${fresh.map(({ labels }) => JSON.stringify(labels))}::text[],
      ${fresh.map(({ hash }) => hash)}::text[],
      ${fresh.map(({ kind }) => kind)}::text[],
      ${fresh.map(({ unit }) => unit)}::text[]
    ) as n(id, host_id, name, labels, hash, kind, unit)`;
  return ids;
}

function placeOf(hostId: number, { hash }: Pick<WantedSeries, 'hash'>): string {
  return `${hostId}/${hash}`;
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
