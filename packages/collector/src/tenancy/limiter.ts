/** Says no when a tenant or key has used what it may: before anything is read, decoded or stored for it. */
import { describeError, formatUsd, type UnixMs } from '@tarsier/protocol';
import { LimitError } from '../limit-error.ts';
import type { Log } from '../log.ts';
import { dayMs } from '../storage/hours.ts';
import { monthOf } from '../storage/limits.ts';
import type { Storage } from '../storage/storage.ts';
import type { TenantScope } from '../tenant.ts';
import { burstS, createTokenBucket, type TokenBucket } from './token-bucket.ts';

/** Who uses something. */
export interface LimitedUser {
  readonly tenant: TenantScope;
  /** Id of the key, where it is one. */
  readonly keyId?: string;
}

/** What a client is told of the limit that it is nearest to: draft-ietf-httpapi-ratelimit-headers. */
export interface RateState {
  readonly limit: number;
  readonly windowS: number;
  readonly remaining: number;
}

export interface Limiter {
  /**
   * Lets a request in.
   *
   * @param sends  whether it brings samples: one that could not be taken now is not even read
   * @returns how much is left; undefined where nothing is limited
   * @throws {LimitError} `limit/requests`, `limit/samples`, `limit/bytes`
   */
  request(user: LimitedUser, sends: boolean): Promise<RateState | undefined>;
  /** @returns how much is left, where that is limited. @throws {LimitError} `limit/samples` */
  samples(user: LimitedUser, count: number): Promise<RateState | undefined>;
  /**
   * Whether there is room for one more host.
   *
   * @param isKnown  whether it is none more: asked only where hosts are limited, for new ones come by the thousand
   * @throws {LimitError} `limit/hosts`
   */
  newHost(scope: TenantScope, isKnown: () => Promise<boolean>): Promise<void>;
  /**
   * Whether there is room for so many jobs more.
   *
   * @throws {LimitError} `limit/jobs-waiting`, and `limit/money-day` or `limit/money-month` where all is spent
   */
  newJobs(scope: TenantScope, count: number): Promise<void>;
  /** @param open  those that the tenant has on this collector. @throws {LimitError} `limit/subscriptions` */
  subscription(scope: TenantScope, open: number): void;
  /** Measures what tenants with a limit of bytes have stored. */
  measure(): Promise<void>;
}

/** How long a change of a limit may take to count, ms. */
const cacheMs = 10_000;
const fullMs = 60_000;
/** How many jobs may wait of a tenant that has no limit of its own. */
const mostWaitingJobs = 100_000;
/** A queue that is full becomes shorter by itself: come again soon. */
const fullQueueMs = 5_000;
/** How long a count of jobs is good for: meanwhile what this collector lets in is added to it. */
const countMs = 10_000;

interface Period {
  readonly name: string;
  readonly end: (time: UnixMs) => UnixMs;
}

const periods: Readonly<Record<'money-day' | 'money-month', Period>> = {
  'money-day': { name: 'day', end: (time) => (Math.floor(time / dayMs) + 1) * dayMs },
  'money-month': { name: 'month', end: (time) => monthOf(monthOf(time) + 32 * dayMs) },
};

type Values = ReadonlyMap<string, number>;

export function createLimiter({
  storage,
  log,
  now = Date.now,
}: {
  readonly storage: Pick<Storage, 'limits' | 'tenants'>;
  readonly log: Log;
  readonly now?: () => UnixMs;
}): Limiter {
  const known = new Map<number, { values: Promise<Values>; ready: Values; until: UnixMs }>();
  const buckets = new Map<string, TokenBucket>();
  const storedBytes = new Map<number, number>();
  const jobRooms = new Map<number, { room: number; readonly until: UnixMs }>();

  /** Those of a moment ago while new ones are read: only the first request of a tenant waits. */
  async function valuesOf({ tenantId, tenant }: TenantScope): Promise<Values> {
    const cached = known.get(tenantId);
    if (cached !== undefined && cached.until > now()) return cached.values;
    const scope = { tenantId, tenant };
    const values = Promise.all([storage.limits.list(scope), storage.limits.effective(scope)]).then(
      ([rows, ofAll]) =>
        new Map([
          ...[...ofAll].map(([name, { value }]) => [`${name}/`, value] as const),
          ...rows.map(({ name, key, value }) => [`${name}/${key}`, value] as const),
        ]),
    );
    const entry = { values, ready: cached?.ready ?? new Map(), until: now() + cacheMs };
    known.set(tenantId, entry);
    values.then(
      (ready) => (entry.ready = ready),
      (error: unknown) => {
        known.delete(tenantId);
        log.warn('limits could not be read', { tenant, error: describeError(error) });
      },
    );
    // A database that is away must not open the gates: what held a moment ago holds on.
    return cached === undefined ? values : values.catch(() => cached.ready);
  }

  function bucketOf(scope: TenantScope, name: 'requests' | 'samples', key: string): TokenBucket {
    const id = `${scope.tenantId}/${name}/${key}`;
    let bucket = buckets.get(id);
    if (bucket === undefined) {
      bucket = createTokenBucket(
        (shared, wanted, at) => storage.limits.take(scope, { name, key, ...shared }, wanted, at),
        now,
      );
      buckets.set(id, bucket);
    }
    return bucket;
  }

  async function take({ tenant, keyId = '' }: LimitedUser, name: 'requests' | 'samples', count: number) {
    const values = await valuesOf(tenant);
    let state: RateState | undefined;
    for (const key of keyId === '' ? [''] : ['', keyId]) {
      const rate = values.get(`${name}/${key}`);
      if (rate === undefined) continue;
      const bucket = bucketOf(tenant, name, key);
      const waitMs = await bucket.take(rate, count);
      if (waitMs > 0) throw rateError(tenant, name, { key, rate, waitMs, isSpent: bucket.isSpent });
      const remaining = Math.max(0, Math.floor(bucket.tokens));
      if (state === undefined || remaining < state.remaining) {
        state = { limit: Math.floor(rate * burstS), windowS: burstS, remaining };
      }
    }
    return state;
  }

  /** What runs may cost a little more than was set aside for it: what is spent is compared, not what would be. */
  async function requireMoney(scope: TenantScope): Promise<void> {
    const values = await valuesOf(scope);
    let spent: Awaited<ReturnType<typeof storage.limits.spent>> | undefined;
    for (const [name, period] of Object.entries(periods) as [keyof typeof periods, Period][]) {
      const most = values.get(`${name}/`);
      if (most === undefined) continue;
      spent ??= await storage.limits.spent(scope, now());
      if (spent[name] < most * 1e9) continue;
      const message = `${name}: the jobs of tenant ${scope.tenant} may cost ${most} USD in a ${period.name} and have cost ${formatUsd(spent[name])}; wait until the next one begins, or have the limit raised`;
      throw new LimitError(name, message, period.end(now()) - now());
    }
  }

  return {
    async request(user, sends) {
      const { tenant, keyId = '' } = user;
      if (sends) {
        const values = await valuesOf(tenant);
        for (const key of keyId === '' ? [''] : ['', keyId]) {
          const rate = values.get(`samples/${key}`);
          const bucket = rate === undefined ? undefined : buckets.get(`${tenant.tenantId}/samples/${key}`);
          const waitMs = bucket?.blockedMs() ?? 0;
          if (rate === undefined || bucket === undefined || waitMs === 0) continue;
          throw rateError(tenant, 'samples', { key, rate, waitMs, isSpent: () => bucket.blockedMs() > 0 });
        }
        const most = values.get('bytes/');
        const stored = storedBytes.get(tenant.tenantId) ?? 0;
        if (most !== undefined && stored > most) {
          const message = `bytes: tenant ${tenant.tenant} has ${stored} of at most ${most} stored; wait until older samples expire, delete hosts, or have the limit raised`;
          throw new LimitError('bytes', message, fullMs);
        }
      }
      return take(user, 'requests', 1);
    },
    samples: (user, count) => take(user, 'samples', count),
    async newHost(scope, isKnown) {
      const most = (await valuesOf(scope)).get('hosts/');
      if (most === undefined || (await isKnown()) || (await storage.limits.hostCount(scope)) < most) return;
      const message = `hosts: tenant ${scope.tenant} has as many as it may, ${most}; delete those that are gone, or have the limit raised`;
      throw new LimitError('hosts', message, fullMs);
    },
    async newJobs(scope, count) {
      const { tenantId, tenant } = scope;
      await requireMoney(scope);
      const most = (await valuesOf(scope)).get('jobs-waiting/') ?? mostWaitingJobs;
      let known = jobRooms.get(tenantId);
      if (known === undefined || known.until <= now() || known.room < count) {
        known = { room: most - (await storage.limits.waitingJobs(scope, most)), until: now() + countMs };
        jobRooms.set(tenantId, known);
      }
      if (known.room < count) {
        const message = `jobs: tenant ${tenant} may have ${most} jobs waiting, and there is room for ${known.room} more; wait until some have run, or have the limit raised`;
        throw new LimitError('jobs-waiting', message, fullQueueMs);
      }
      known.room -= count;
    },
    subscription({ tenantId, tenant }, open) {
      const most = known.get(tenantId)?.ready.get('subscriptions/');
      if (most === undefined || open < most) return;
      throw new LimitError('subscriptions', `sub: tenant ${tenant} has as many as it may, ${most}`, fullMs);
    },
    async measure() {
      const measured = new Set<number>();
      for (const scope of await storage.tenants.withHosts()) {
        if (!(await valuesOf(scope)).has('bytes/')) continue;
        storedBytes.set(scope.tenantId, await storage.limits.storedBytes(scope));
        measured.add(scope.tenantId);
      }
      // Who has no limit any more, or no host.
      for (const tenantId of storedBytes.keys()) if (!measured.has(tenantId)) storedBytes.delete(tenantId);
    },
  };
}

function rateError(
  { tenantId }: TenantScope,
  name: 'requests' | 'samples',
  {
    key,
    rate,
    waitMs,
    isSpent,
  }: { readonly key: string; readonly rate: number; readonly waitMs: number; readonly isSpent: () => boolean },
): LimitError {
  const whose = key === '' ? 'the tenant' : 'this key';
  return new LimitError(
    name,
    `${name}: ${whose} may ${rate} per second, and ${rate * burstS} at once; come again in ${(waitMs / 1000).toFixed(1)} s`,
    waitMs,
    {
      limit: Math.floor(rate * burstS),
      windowS: burstS,
      tenantId,
      isSpent,
      requestsPerS: name === 'requests' && key === '' ? rate : undefined,
    },
  );
}
