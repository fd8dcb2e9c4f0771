/**
 * Makes hosts, series and schemas known: of many hosts in one transaction. Each takes the tenant's lock and a flush to
 * the disk, and after a fleet is rolled out thousands come at once.
 */
import { createHash } from 'node:crypto';
import { decodeSchema, seriesSignature, TarsierError, type SeriesSchema } from '@tarsier/protocol';
import { noHost } from '../no-host.ts';
import type { TenantScope } from '../tenant.ts';
import { TooManySeriesError } from '../too-many-series.ts';
import type { Database, TarsierTransaction } from './database.ts';
import type { Tally } from './series-index/label-index.ts';
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
  readonly agent: boolean;
  readonly shape: Shape;
}

/** A schema; hosts that are alike have the same one. */
interface Shape {
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
  readonly schema: SeriesSchema;
  readonly series: readonly WantedSeries[];
}

interface WantedSeries {
  readonly name: string;
  /** JSON. */
  readonly labels: string;
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
/** Kept: of a fleet that is rolled out thousands of hosts have one of a few. */
const mostShapes = 16;

/** All of a tenant's series are counted for it, and where one schema is refused others are, too. */
const largestKeptMs = 60_000;

/**
 * @param maxSeries  of a tenant that has no limit of its own
 * @param largestMetric  the one that has the most series, for who is refused more
 */
export function createRegistration(
  { begin }: Pick<Database, 'begin'>,
  now: () => number,
  maxSeries: number,
  largestMetric: (scope: TenantScope) => Promise<Tally | undefined>,
): Register {
  /** By tenant; one that is there is worked on. */
  const queues = new Map<number, Waiting[]>();
  /** By tenant. */
  const largest = new Map<number, { readonly askedAt: number; readonly metric: Promise<Tally | undefined> }>();
  const shapes = new Map<string, Shape>();

  function shapeOf(hash: Uint8Array, bytes: Uint8Array, host: string): Shape {
    const key = Buffer.from(hash).toString('hex');
    const known = host === noHost ? undefined : shapes.get(key);
    if (known !== undefined && Buffer.compare(known.bytes, bytes) === 0) return known;
    const schema = decodeSchema(bytes, host === noHost);
    const shape = { hash, bytes, schema, series: wantedOf(schema) };
    if (host === noHost) return shape;
    const [oldest] = shapes.keys();
    if (shapes.size >= mostShapes && oldest !== undefined) shapes.delete(oldest);
    shapes.set(key, shape);
    return shape;
  }

  async function work(queue: Waiting[], scope: TenantScope): Promise<void> {
    while (queue.length > 0) {
      let [count, series] = [0, 0];
      for (const { wanted } of queue) {
        series += wanted.shape.series.length;
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
      // Neither the tenant's lock nor those that come next wait for all its series to be counted.
      else if (error instanceof TooManySeriesError)
        for (const { reject } of group) void explained(scope, error).then(reject);
      else for (const { reject } of group) reject(error);
    }
  }

  /** @returns the same, which also names the metric that has the most series already */
  async function explained(scope: TenantScope, refusal: TooManySeriesError): Promise<TooManySeriesError> {
    const { tenantId } = scope;
    let known = largest.get(tenantId);
    if (known === undefined || now() - known.askedAt >= largestKeptMs) {
      largest.set(tenantId, (known = { askedAt: now(), metric: largestMetric(scope) }));
    }
    try {
      const metric = await known.metric;
      if (metric === undefined) return refusal;
      const already = `; most of those there are of ${metric.name} (${metric.series})`;
      return new TooManySeriesError(`${refusal.message}${already}`, refusal.refused);
    } catch {
      // It is as true without that, and the next one asks again.
      if (largest.get(tenantId) === known) largest.delete(tenantId);
      return refusal;
    }
  }

  return async (scope, host, hash, bytes, agent = false) => {
    const wanted: Wanted = { scope, host, agent, shape: shapeOf(hash, bytes, host) };
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
      labels: JSON.stringify(labels),
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
  const all = wanted.map(({ host, ...one }): Placed => ({ ...one, host, hostId: idByName.get(host) ?? 0 }));
  const limit = { count: limits?.series_count ?? 0, most: limits?.max_series ?? maxSeries };
  // What a new host has is new, and the same as on its like: of each shape that is said once.
  const isFirst = (one: Placed): boolean =>
    isNew(one.hostId) && all.find(({ hostId }) => hostId === one.hostId) === one;
  const [first, others] = [all.filter(isFirst), all.filter((one) => !isFirst(one))];
  const firstIds = new Map<Placed, number>();
  for (const [shape, alike] of Map.groupBy(first, ({ shape }) => shape)) {
    const from = await addSeriesOfNewHosts(tx, scope, shape, alike, limit);
    limit.count += alike.length * shape.series.length;
    for (const [at, one] of alike.entries()) firstIds.set(one, from + at * shape.series.length);
  }
  const seriesIds = others.length === 0 ? new Map<string, number>() : await ensureSeries(tx, scope, others, limit);
  const registered = all.map((one) => {
    const { hostId, host, shape, scope, agent } = one;
    const from = firstIds.get(one);
    return {
      scope,
      hostId,
      host,
      hash: shape.hash,
      schema: shape.schema,
      seriesIds: Int32Array.from(shape.series, (series, at) =>
        from === undefined ? (seriesIds.get(placeOf(hostId, series)) ?? 0) : from + at,
      ),
      agent,
    };
  });
  const shapes = [...new Set(wanted.map(({ shape }) => shape))];
  await tx`
    insert into host_schema (tenant_id, host_id, hash, body, series_ids, agent)
    select ${tenantId}, n.host_id, s.hash, s.body, n.series_ids::int[], n.agent = 1
    from unnest(
      ${all.map(({ hostId }) => hostId)}::int[],
      ${all.map(({ shape }) => shapes.indexOf(shape) + 1)}::int[],
      ${registered.map((one) => `{${one.seriesIds.join(',')}}`)}::text[],
      ${all.map(({ agent }) => (agent ? 1 : 0))}::int[]
    ) as n(host_id, shape, series_ids, agent)
    join (
      select decode(hash, 'hex') as hash, decode(body, 'base64') as body, shape from unnest(
        ${shapes.map(({ hash }) => Buffer.from(hash).toString('hex'))}::text[],
        ${shapes.map(({ bytes }) => Buffer.from(bytes).toString('base64'))}::text[]
      ) with ordinality as s(hash, body, shape)
    ) s using (shape)
    on conflict do nothing`;
  return registered;
}

interface Placed extends Wanted {
  readonly hostId: number;
}

/** @returns the number of the first host's first series; the others' follow, host by host */
async function addSeriesOfNewHosts(
  tx: TarsierTransaction,
  scope: TenantScope,
  { series }: Shape,
  hosts: readonly Placed[],
  limit: SeriesLimit,
): Promise<number> {
  const { tenantId } = scope;
  const fresh = hosts.length * series.length;
  const from = await takeSeriesNumbers(tx, scope, fresh, limit, () =>
    hosts.flatMap(() => series.map(({ name }, column) => ({ name, column }))),
  );
  await tx`
    insert into series (tenant_id, series_id, host_id, name, labels, signature_hash, kind, unit)
    select ${tenantId}, ${from}::int + ((h.nth - 1) * ${series.length}::int + s.nth - 1)::int, h.host_id,
      s.name, s.labels, s.hash, s.kind, s.unit
    from unnest(${hosts.map(({ hostId }) => hostId)}::int[]) with ordinality as h(host_id, nth)
    cross join (
      select name, labels::jsonb as labels, decode(hash, 'hex') as hash, kind, unit, nth
      from unnest(
        ${series.map(({ name }) => name)}::text[],
        ${series.map(({ labels }) => labels)}::text[],
        ${series.map(({ hash }) => hash)}::text[],
        ${series.map(({ kind }) => kind)}::text[],
        ${series.map(({ unit }) => unit)}::text[]
      ) with ordinality as s(name, labels, hash, kind, unit, nth)
      offset 0
    ) s`;
  return from;
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
  hosts: readonly Placed[],
  limit: SeriesLimit,
): Promise<ReadonlyMap<string, number>> {
  const { tenantId } = scope;
  const wanted = hosts.flatMap(({ hostId, shape }) =>
    shape.series.map((series, column) => ({ ...series, hostId, column })),
  );
  const known = await tx<{ series_id: number; host_id: number; hash: string }[]>`
    select s.series_id, s.host_id, w.hash
    from unnest(${wanted.map(({ hostId }) => hostId)}::int[], ${wanted.map(({ hash }) => hash)}::text[])
      as w(host_id, hash)
    join series s on s.tenant_id = ${tenantId} and s.host_id = w.host_id
      and s.signature_hash = decode(w.hash, 'hex')`;
  const ids = new Map(known.map(({ series_id, host_id, hash }) => [placeOf(host_id, { hash }), series_id]));
  const fresh = wanted.filter((one) => {
    const place = placeOf(one.hostId, one);
    if (ids.has(place)) return false;
    // Its number is not known yet; that it is in the list is: two schemas of a host may come together.
    ids.set(place, 0);
    return true;
  });
  if (fresh.length === 0) return ids;
  const first = await takeSeriesNumbers(tx, scope, fresh.length, limit, () => fresh);
  for (const [at, { hostId, hash }] of fresh.entries()) ids.set(placeOf(hostId, { hash }), first + at);
  await tx`
    insert into series (tenant_id, series_id, host_id, name, labels, signature_hash, kind, unit)
    select ${tenantId}, n.id, n.host_id, n.name, n.labels::jsonb, decode(n.hash, 'hex'), n.kind, n.unit
    from unnest(
      ${fresh.map((_, at) => first + at)}::int[],
      ${fresh.map(({ hostId }) => hostId)}::int[],
      ${fresh.map(({ name }) => name)}::text[],
      ${fresh.map(({ labels }) => labels)}::text[],
      ${fresh.map(({ hash }) => hash)}::text[],
      ${fresh.map(({ kind }) => kind)}::text[],
      ${fresh.map(({ unit }) => unit)}::text[]
    ) as n(id, host_id, name, labels, hash, kind, unit)`;
  return ids;
}

/** @returns the first of them @throws {TooManySeriesError} */
async function takeSeriesNumbers(
  tx: TarsierTransaction,
  scope: TenantScope,
  count: number,
  limit: SeriesLimit,
  fresh: () => readonly FreshSeries[],
): Promise<number> {
  if (limit.count + count > limit.most) throw tooManySeries(scope, limit, fresh());
  await tx`update tenant set series_count = series_count + ${count} where tenant_id = ${scope.tenantId}`;
  return takeNumbers(tx, scope.tenantId, 'next_series_id', count);
}

interface FreshSeries {
  readonly name: string;
  readonly column: number;
}

function placeOf(hostId: number, { hash }: Pick<WantedSeries, 'hash'>): string {
  return `${hostId}/${hash}`;
}

/** How many series a tenant has, and may have. */
interface SeriesLimit {
  readonly count: number;
  readonly most: number;
}

/** Names what to look at: the metric that most of the new series are of. */
function tooManySeries(
  { tenant }: TenantScope,
  { count, most }: SeriesLimit,
  fresh: readonly FreshSeries[],
): TooManySeriesError {
  const [offender] = [...Map.groupBy(fresh, ({ name }) => name)].toSorted(([, a], [, b]) => b.length - a.length);
  return new TooManySeriesError(
    `series: tenant ${tenant} has ${count} of at most ${most}, and ${fresh.length} more were sent, ${offender?.[1].length ?? 0} of them of ${offender?.[0] ?? ''}`,
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
