import type { UnixMs } from '@tarsier/protocol';
import { lockHost, type HostKey } from '../host-lock.ts';
import { deleteBatches, insertSegment, takeBatches, type CompactionDatabase, type StepLimits } from './batch-rows.ts';

export interface Flushed {
  readonly batches: number;
  readonly samples: number;
  /** Whether there may be more than one step may take. */
  readonly more: boolean;
}

/**
 * Puts a host's oldest batches that end by `until` together as segments, and deletes them, in one transaction.
 *
 * @returns undefined when another collector works on the host
 */
export function flushHost(
  { begin, findPutTogether }: CompactionDatabase,
  host: HostKey,
  until: UnixMs,
  limits: StepLimits,
  now: UnixMs,
): Promise<Flushed | undefined> {
  return begin(host, async (tx) => {
    if (!(await lockHost(tx, host, 'skip'))) return undefined;
    const { batches, samples, more, segments } = await takeBatches(
      tx,
      host,
      { from: 0, to: until, until },
      limits,
      findPutTogether,
    );
    for (const segment of segments) await insertSegment(tx, host, segment, now);
    await deleteBatches(tx, host, batches);
    return { batches: batches.length, samples, more };
  });
}
