/** Reads what came last as it came, host by host and tick by tick, for those who go on from there. */
import { decodePayload, type SampleMatrix, type UnixMs } from '@tarsier/protocol';
import { ByteReader, decodeChunk, decodeRows } from '@tarsier/protocol/chunk';
import { zstdDecompress } from '@tarsier/protocol/zstd';
import type { TenantScope } from '../../tenant.ts';
import { maxBatchSpanMs } from '../batches.ts';
import { inOrder, maskInOrder } from '../compaction/merge-rows.ts';
import type { Scoped } from '../scoped-pool.ts';
import type { RecentSamples } from './samples.ts';

interface RecentRow {
  readonly host_id: number;
  readonly schema_hash: Uint8Array;
  readonly epoch: number | null;
  readonly seq: number | null;
  /** Absent for a batch. */
  readonly head: Uint8Array | null;
  readonly offsets: readonly number[] | null;
  readonly body: Uint8Array;
}

/** Segments are some hundred kilobytes each. */
const cursorRows = 50;

export async function* readRecent({ stream }: Scoped, scope: TenantScope, since: UnixMs): AsyncIterable<RecentSamples> {
  const { tenantId } = scope;
  const pages = stream(
    scope,
    cursorRows,
    (sql) => sql<RecentRow[]>`
    select host_id, schema_hash, epoch, seq, null::bytea as head, null::int[] as offsets, payload as body, t0 from batch
    where tenant_id = ${tenantId} and t0 >= ${since - maxBatchSpanMs} and t1 >= ${since}
    union all
    select host_id, schema_hash, null, null, head, offsets, data, t0 from segment
    where tenant_id = ${tenantId} and hour >= ${since} and t1 >= ${since}
    order by t0, epoch, seq`,
  );
  for await (const some of pages) {
    for (const { host_id, schema_hash, epoch, seq, head, offsets, body } of some) {
      const samples = { hostId: host_id, schemaHash: schema_hash };
      if (head === null || offsets === null) {
        const matrix = decodePayload(body, zstdDecompress);
        yield { ...samples, epoch: epoch ?? 0, seq: seq ?? 0, matrix };
      } else yield { ...samples, ...decodeSegment(head, offsets, body) };
    }
  }
}

function decodeSegment(
  head: Uint8Array,
  offsets: readonly number[],
  data: Uint8Array,
): Pick<RecentSamples, 'epoch' | 'seq' | 'matrix'> {
  const { times, epochs, seqs } = decodeRows(new ByteReader(head));
  const order = lastOfEachTime(times);
  const width = offsets.length - 1;
  const rows = order?.length ?? times.length;
  const values = new Float64Array(rows * width);
  let present: Uint8Array | undefined;
  const column = new Float64Array(times.length);
  const mask = new Uint8Array(times.length);
  for (let at = 0; at < width; at++) {
    let gaps = false;
    mask.fill(1);
    decodeChunk(new ByteReader(data.subarray(offsets[at], offsets[at + 1])), column, () => {
      gaps = true;
      return mask;
    });
    values.set(inOrder(column, order), at * rows);
    if (!gaps) continue;
    present ??= new Uint8Array(values.length).fill(1);
    present.set(maskInOrder(mask, order), at * rows);
  }
  const ticks = inOrder(times, order);
  const matrix: SampleMatrix =
    present === undefined ? { times: ticks, width, values } : { times: ticks, width, values, present };
  return { epoch: epochs.at(-1) ?? 0, seq: seqs.at(-1) ?? 0, matrix };
}

/** Two runs of an agent may have reported the same tick: the later one counts. Undefined when every time is there once. */
function lastOfEachTime(times: Float64Array): Int32Array | undefined {
  const kept = Int32Array.from(times.keys()).filter((row) => times[row] !== times[row + 1]);
  return kept.length === times.length ? undefined : kept;
}
