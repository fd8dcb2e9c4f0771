import { describeError, type UnixMs } from '@tarsier/protocol';
import { ByteReader, decodeRows, type BlockRows } from '@tarsier/protocol/chunk';
import { countBelow } from '../bisect.ts';
import type { Log } from '../log.ts';
import type { AnySql } from './database.ts';
import type { HostKey } from './host-lock.ts';
import { hourOf } from './hours.ts';

export interface BatchName extends HostKey {
  /** First tick. */
  readonly t0: UnixMs;
  readonly epoch: UnixMs;
  readonly seq: number;
}

/**
 * Finds those that are in a segment or a block already: its rows say which batch each came with, and the first one of
 * a batch is in the hour that the batch is named for. What a head that can't be read has counts as not there.
 */
export type FindPutTogether = <T extends BatchName>(sql: AnySql, batches: readonly T[]) => Promise<ReadonlySet<T>>;

export function createFindPutTogether(log: Log): FindPutTogether {
  const told = new Set<string>();
  return (sql, batches) =>
    findPutTogether(sql, batches, ({ tenantId, hostId }, error) => {
      const host = `${tenantId}/${hostId}`;
      if (told.has(host)) return;
      told.add(host);
      log.error('a segment or block can not be read; batches of its hour that come again are stored again', {
        tenantId,
        hostId,
        error: describeError(error),
      });
    });
}

async function findPutTogether<T extends BatchName>(
  sql: AnySql,
  batches: readonly T[],
  onUnreadable: (host: HostKey, error: unknown) => void,
): Promise<ReadonlySet<T>> {
  const found = new Set<T>();
  if (batches.length === 0) return found;
  const hours = [
    ...Map.groupBy(batches, ({ tenantId, hostId, t0 }) => `${tenantId}/${hostId}/${hourOf(t0)}`).values(),
  ].map((ofHour) => {
    const [{ tenantId, hostId, t0 } = { tenantId: 0, hostId: 0, t0: 0 }] = ofHour;
    const begins = ofHour.map((batch) => batch.t0);
    return { tenantId, hostId, hour: hourOf(t0), first: Math.min(...begins), last: Math.max(...begins), ofHour };
  });
  // As numbers of the statement: the plan leaves out all other days' partitions.
  const [from, to] = [Math.min(...hours.map(({ hour }) => hour)), Math.max(...hours.map(({ hour }) => hour))];
  const wanted = sql`
    unnest(
      ${hours.map((_, place) => place)}::int[], ${hours.map(({ tenantId }) => tenantId)}::int[],
      ${hours.map(({ hostId }) => hostId)}::int[], ${hours.map(({ hour }) => hour)}::bigint[],
      ${hours.map(({ first }) => first)}::bigint[], ${hours.map(({ last }) => last)}::bigint[]
    ) as k(place, tenant_id, host_id, hour, first, last)`;
  const rows = await sql<{ place: number; head: Uint8Array }[]>`
    select k.place, s.head
    from ${wanted} join segment s on s.tenant_id = k.tenant_id and s.host_id = k.host_id and s.hour = k.hour
      and s.hour between ${from} and ${to} and s.t0 <= k.last and s.t1 >= k.first
    union all
    select k.place, b.head
    from ${wanted} join block b on b.tenant_id = k.tenant_id and b.host_id = k.host_id and b.hour = k.hour
      and b.hour between ${from} and ${to}`;
  for (const { place, head } of rows) {
    const hour = hours[place];
    if (hour === undefined) continue;
    let kept: BlockRows;
    try {
      kept = decodeRows(new ByteReader(head));
    } catch (error) {
      onUnreadable(hour, error);
      continue;
    }
    for (const batch of hour.ofHour) if (holds(kept, batch)) found.add(batch);
  }
  return found;
}

function holds({ times, epochs, seqs }: BlockRows, { t0, epoch, seq }: BatchName): boolean {
  for (let row = countBelow(times, t0); times[row] === t0; row++)
    if (epochs[row] === epoch && seqs[row] === seq) return true;
  return false;
}
