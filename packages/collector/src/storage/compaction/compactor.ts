/** Decides what is next; what is done to a host is in `flush-host.ts` and `seal-hour.ts`. */
import { describeError, type UnixMs } from '@tarsier/protocol';
import type { Log } from '../../log.ts';
import { coldMs } from '../batches.ts';
import type { Database, TarsierSql } from '../database.ts';
import type { HostKey } from '../host-lock.ts';
import { hourMs } from '../hours.ts';
import { createFindPutTogether } from '../put-together.ts';
import type { CompactionDatabase, StepLimits } from './batch-rows.ts';
import { flushHost } from './flush-host.ts';
import { sealHour } from './seal-hour.ts';

export interface CompactionPolicy {
  /** Batches are flushed once they ended this long ago, ms. */
  readonly coldMs: number;
  /** An hour becomes a block this long after its end, ms: a start replays what came last, as it came. */
  readonly sealAfterMs: number;
  /** An hour waits until its newest batch has been the same for this long, ms: it may be a backlog that comes. */
  readonly settleMs: number;
  /** It waits no longer than this, and this long when it is a block already: all of that is written anew. */
  readonly resealAfterMs: number;
  readonly limits: StepLimits;
}

export const defaultPolicy: CompactionPolicy = {
  coldMs,
  sealAfterMs: 20 * 60_000,
  settleMs: 60_000,
  resealAfterMs: 600_000,
  limits: { batches: 2_048, samples: 8_000_000, bytes: 64 * 2 ** 20 },
};

export interface CompactionStats {
  /** Samples that were in batches and are in segments or blocks now. */
  readonly samples: number;
  readonly sealedHours: number;
  readonly failures: number;
  /** Hours of hosts that are over and not sealed yet. */
  readonly hoursLeft: number;
}

export interface Compactor {
  /**
   * Seals the hours that are due, oldest first. What fails is logged and tried again next time.
   *
   * @param rest  called after each step, to leave the machine to others
   */
  run(now: UnixMs, rest?: () => Promise<void>): Promise<CompactionStats>;
  /** Puts the cold batches of hosts that are asked for into segments. @returns samples */
  flush(hosts: readonly HostKey[], now: UnixMs, rest?: () => Promise<void>): Promise<number>;
}

interface HourOfHost {
  readonly tenant_id: number;
  readonly host_id: number;
  readonly hour: UnixMs;
  /** First tick of its newest batch; null where there are only segments. */
  readonly newest: UnixMs | null;
  /** Whether it is a block already. */
  readonly sealed: boolean;
}

/** When something of an hour was seen first, and since when its newest batch is the same. */
interface Seen {
  readonly since: UnixMs;
  readonly newest: UnixMs | null;
  readonly unchangedSince: UnixMs;
}

const noRest = async (): Promise<void> => {};

export function createCompactor({
  database,
  log,
  policy = defaultPolicy,
}: {
  readonly database: Pick<Database, 'begin' | 'system'>;
  readonly log: Log;
  readonly policy?: CompactionPolicy;
}): Compactor {
  const parts: CompactionDatabase = { begin: database.begin, findPutTogether: createFindPutTogether(log) };
  let seen = new Map<string, Seen>();

  function isDue(hour: HourOfHost, now: UnixMs): boolean {
    const { since, unchangedSince } = seen.get(keyOf(hour)) ?? { since: now, unchangedSince: now };
    return now - since >= policy.resealAfterMs || (!hour.sealed && now - unchangedSince >= policy.settleMs);
  }

  async function attempt<T>(what: string, host: HostKey, step: () => Promise<T>): Promise<T | undefined> {
    try {
      return await step();
    } catch (error) {
      log.error(`${what} failed`, { ...host, error: describeError(error) });
      return undefined;
    }
  }

  return {
    async run(now, rest = noRest) {
      const closed = await closedTenants(database.system.sql);
      const over = await hoursOver(database.system.sql, now - policy.sealAfterMs);
      const hours = over.filter(({ tenant_id }) => !closed.has(tenant_id));
      const stats = { samples: 0, sealedHours: 0, failures: 0, hoursLeft: hours.length };
      seen = new Map(hours.map((hour) => [keyOf(hour), look(seen.get(keyOf(hour)), hour, now)]));
      for (const hour of hours) {
        if (!isDue(hour, now)) continue;
        const host = { tenantId: hour.tenant_id, hostId: hour.host_id };
        for (let whole = false; !whole;) {
          const done = await attempt('sealing an hour', host, () =>
            sealHour(parts, host, hour.hour, policy.limits, now),
          );
          await rest();
          if (done === undefined) {
            stats.failures++;
            break;
          }
          ({ whole } = done);
          stats.samples += done.samples;
          if (!whole) continue;
          // What comes from now on is new.
          seen.delete(keyOf(hour));
          stats.sealedHours++;
          stats.hoursLeft--;
        }
      }
      return stats;
    },

    async flush(hosts, now, rest = noRest) {
      let samples = 0;
      const closed = await closedTenants(database.system.sql);
      for (const host of hosts.filter(({ tenantId }) => !closed.has(tenantId))) {
        for (let more = true; more;) {
          const done = await attempt('flushing batches', host, () =>
            flushHost(parts, host, now - policy.coldMs, policy.limits, now),
          );
          await rest();
          samples += done?.samples ?? 0;
          more = done?.more ?? false;
        }
      }
      return samples;
    },
  };
}

function look(before: Seen | undefined, { newest }: HourOfHost, now: UnixMs): Seen {
  if (before === undefined) return { since: now, newest, unchangedSince: now };
  return { ...before, newest, unchangedSince: before.newest === newest ? before.unchangedSince : now };
}

function keyOf({ tenant_id, host_id, hour }: HourOfHost): string {
  return `${tenant_id}/${host_id}/${hour}`;
}

/** Tenants that are being moved: what they have here is left as it is. */
async function closedTenants(sql: TarsierSql): Promise<ReadonlySet<number>> {
  const rows = await sql<{ tenant_id: number }[]>`select tenant_id from closed_tenant`;
  return new Set(rows.map(({ tenant_id }) => tenant_id));
}

/** Hours that ended by `until` of which there are batches or segments, oldest first. */
function hoursOver(sql: TarsierSql, until: UnixMs): Promise<HourOfHost[]> {
  // Hour by hour from a host's first batch, by the index: batches are many, hours few.
  return sql<HourOfHost[]>`
    with found as (
      select h.tenant_id, h.host_id, hour, newest from host h
      cross join lateral (
        select min(t0) as t0 from batch b where b.tenant_id = h.tenant_id and b.host_id = h.host_id
      ) as first
      cross join lateral generate_series(
        (first.t0 + ${hourMs - 1}::bigint) / ${hourMs}::bigint * ${hourMs}::bigint, ${until}::bigint, ${hourMs}::bigint
      ) as hour
      cross join lateral (
        select max(t0) as newest from batch b
        where b.tenant_id = h.tenant_id and b.host_id = h.host_id and b.t0 > hour - ${hourMs}::bigint and b.t0 <= hour
      ) as last
      where newest is not null
      union all
      select tenant_id, host_id, hour, null from segment where hour <= ${until}
    )
    select tenant_id, host_id, hour, max(newest) as newest, (
      select count(*) > 0 from block b where b.tenant_id = f.tenant_id and b.host_id = f.host_id and b.hour = f.hour
    ) as sealed
    from found f group by tenant_id, host_id, hour order by hour, tenant_id, host_id`;
}
