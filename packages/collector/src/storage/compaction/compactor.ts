/** Decides which host is next; what is done to it is in `flush-host.ts` and `seal-hour.ts`. */
import { describeError, type UnixMs } from '@tarsier/protocol';
import type { Log } from '../../log.ts';
import type { TarsierSql } from '../database.ts';
import type { HostKey } from '../host-lock.ts';
import { flushHost, type FlushLimits } from './flush-host.ts';
import { sealHour } from './seal-hour.ts';

export interface CompactionPolicy {
  /** Batches stay as they are until they ended this long ago, ms: newer ones are mostly asked for by the live feed. */
  readonly coldMs: number;
  /** Rows that are worth a segment of their own. */
  readonly flushRows: number;
  /** Fewer are put into one once they have waited this long, ms. */
  readonly flushAfterMs: number;
  /** An hour becomes a block this long after its end, ms: a start replays what came last, which wants segments. */
  readonly sealAfterMs: number;
  /** What comes for an hour that is a block already waits this long for more, ms: the whole block is written anew. */
  readonly resealAfterMs: number;
  readonly limits: FlushLimits;
}

export const defaultPolicy: CompactionPolicy = {
  coldMs: 60_000,
  flushRows: 300,
  flushAfterMs: 600_000,
  sealAfterMs: 20 * 60_000,
  resealAfterMs: 600_000,
  limits: { batches: 512, samples: 8_000_000 },
};

export interface CompactionStats {
  readonly flushedBatches: number;
  readonly flushedSamples: number;
  readonly sealedHours: number;
  readonly failures: number;
  /** Cold batches, and segments, that are left. */
  readonly batchesLeft: number;
  readonly segmentsLeft: number;
}

export interface Compactor {
  /**
   * Does what is due, host after host. What fails is logged and tried again next time.
   *
   * @param rest  called after each step, to leave the machine to others
   */
  run(now: UnixMs, rest?: () => Promise<void>): Promise<CompactionStats>;
}

interface ColdHost {
  readonly tenant_id: number;
  readonly host_id: number;
  readonly batches: number;
  readonly rows: number;
}

interface HourToSeal {
  readonly tenant_id: number;
  readonly host_id: number;
  readonly hour: UnixMs;
}

export function createCompactor({
  sql,
  log,
  policy = defaultPolicy,
}: {
  readonly sql: TarsierSql;
  readonly log: Log;
  readonly policy?: CompactionPolicy;
}): Compactor {
  /** Since when a host has batches too few to be worth a segment. */
  let waitingSince = new Map<string, UnixMs>();

  async function attempt<T>(what: string, host: HostKey, step: () => Promise<T>): Promise<T | undefined> {
    try {
      return await step();
    } catch (error) {
      log.error(`${what} failed`, { ...host, error: describeError(error) });
      return undefined;
    }
  }

  return {
    async run(now, rest = async () => {}) {
      const stats = {
        flushedBatches: 0,
        flushedSamples: 0,
        sealedHours: 0,
        failures: 0,
        batchesLeft: 0,
        segmentsLeft: 0,
      };
      const until = now - policy.coldMs;
      const stillWaiting = new Map<string, UnixMs>();
      for (const { tenant_id, host_id, batches, rows } of await coldHosts(sql, until)) {
        const host = { tenantId: tenant_id, hostId: host_id };
        const key = `${tenant_id}/${host_id}`;
        const since = waitingSince.get(key) ?? now;
        if (rows < policy.flushRows && now - since < policy.flushAfterMs) {
          stillWaiting.set(key, since);
          stats.batchesLeft += batches;
          continue;
        }
        for (let left = batches; left > 0;) {
          const done = await attempt('flushing batches', host, () => flushHost(sql, host, until, policy.limits, now));
          await rest();
          if (done === undefined || done.batches === 0) {
            stats.failures += done === undefined ? 1 : 0;
            stats.batchesLeft += left;
            break;
          }
          left -= done.batches;
          stats.flushedBatches += done.batches;
          stats.flushedSamples += done.samples;
        }
      }
      waitingSince = stillWaiting;

      const { due, left } = await hoursToSeal(sql, now, policy);
      stats.segmentsLeft = left;
      for (const { tenant_id, host_id, hour } of due) {
        const host = { tenantId: tenant_id, hostId: host_id };
        const done = await attempt('sealing an hour', host, () => sealHour(sql, host, hour));
        await rest();
        if (done === undefined) {
          stats.failures++;
          continue;
        }
        stats.sealedHours++;
        stats.segmentsLeft -= done.segments;
      }
      return stats;
    },
  };
}

function coldHosts(sql: TarsierSql, until: UnixMs): Promise<ColdHost[]> {
  return sql<ColdHost[]>`
    select tenant_id, host_id, count(*)::int as batches, sum(rows)::int as rows from batch
    where t0 <= ${until} and t1 <= ${until}
    group by tenant_id, host_id order by min(t0)`;
}

/** Oldest first. */
async function hoursToSeal(
  sql: TarsierSql,
  now: UnixMs,
  { sealAfterMs, resealAfterMs, coldMs }: CompactionPolicy,
): Promise<{ readonly due: readonly HourToSeal[]; readonly left: number }> {
  const hours = await sql<(HourToSeal & { segments: number; due: boolean })[]>`
    select s.tenant_id, s.host_id, s.hour, count(*)::int as segments,
      s.hour <= ${now - sealAfterMs} and min(s.created_at) <= case
        when exists (
          select 1 from block b where b.tenant_id = s.tenant_id and b.host_id = s.host_id and b.hour = s.hour
        ) then ${now - resealAfterMs}::bigint else ${now - coldMs}::bigint end as due
    from segment s group by s.tenant_id, s.host_id, s.hour order by s.hour`;
  return { due: hours.filter(({ due }) => due), left: hours.reduce((sum, { segments }) => sum + segments, 0) };
}
