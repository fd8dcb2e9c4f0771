/** Halves of a batch that is too large for the collector. Loaded when it is needed: hardly ever. */
import {
  decodeEnvelope,
  decodePayload,
  decodeSchema,
  encodeEnvelope,
  encodePayload,
  encodeSchema,
  type BatchEnvelope,
  type SampleMatrix,
  type SeriesSchema,
} from '@tarsier/protocol';
import { schemaHash, zstdCompress, zstdDecompress } from '@tarsier/protocol/zstd';
import { seqsPerEpoch } from './batcher.ts';
import type { EncodedSchema } from '../spool/contract.ts';

/** One batch as it is sent. */
export interface Piece {
  readonly bytes: Uint8Array;
  /** Where it is another one than the whole batch has. */
  readonly schema?: EncodedSchema | undefined;
}

export type Cut = 'rows' | 'series';

/**
 * Pieces are numbered as in a heap: the whole is 1, the halves of n are 2n and 2n + 1. Piece n of batch `seq` is sent
 * as `seq + (n - 1) * seqsPerEpoch`. Those from 64 on are not cut again.
 */
const lastCut = 63;

/** How to cut: by ticks, or by series where the schema is most of it or there is one tick only; undefined when it can't be. */
export function cutFor(bytes: Uint8Array, sentSchema: Uint8Array | undefined): Cut | undefined {
  const { seq, rows, payload } = decodeEnvelope(bytes);
  if (numberOf(seq) > lastCut) return undefined;
  if (rows > 1 && payload.byteLength > (sentSchema?.byteLength ?? 0)) return 'rows';
  const { width } = decodePayload(payload, zstdDecompress);
  return width > 1 ? 'series' : rows > 1 ? 'rows' : undefined;
}

/**
 * The two halves, which have names of their own that follow from the batch's: the same batch cut the same way gives
 * the same halves, whenever it is done.
 *
 * @param schema  of the batch; needed to cut by series
 */
export function halve({ bytes, schema: own }: Piece, cut: Cut, schema: Uint8Array): readonly [Piece, Piece] {
  const batch = decodeEnvelope(bytes);
  const matrix = decodePayload(batch.payload, zstdDecompress);
  const first = numberOf(batch.seq) * 2;
  const seqOf = (number: number): number => (batch.seq % seqsPerEpoch) + (number - 1) * seqsPerEpoch;
  if (cut === 'rows') {
    const middle = Math.ceil(batch.rows / 2);
    return [
      { bytes: encode(batch, seqOf(first), rowsOf(matrix, 0, middle)), schema: own },
      { bytes: encode(batch, seqOf(first + 1), rowsOf(matrix, middle, batch.rows)), schema: own },
    ];
  }
  const middle = Math.ceil(matrix.width / 2);
  const whole = decodeSchema(schema);
  const half = (number: number, from: number, to: number): Piece => {
    const part = encodeSchema(seriesBetween(whole, from, to));
    const hash = schemaHash(part);
    const columns = columnsOf(matrix, from, to);
    return {
      bytes: encode({ ...batch, schemaHash: hash }, seqOf(number), columns),
      schema: { hash, bytes: part },
    };
  };
  return [half(first, 0, middle), half(first + 1, middle, matrix.width)];
}

function numberOf(seq: number): number {
  return Math.floor(seq / seqsPerEpoch) + 1;
}

function encode({ host, epoch, schemaHash }: BatchEnvelope, seq: number, matrix: SampleMatrix): Uint8Array {
  const { times } = matrix;
  const [t0 = 0, t1 = t0] = [times[0], times.at(-1)];
  const payload = encodePayload(matrix, zstdCompress);
  return encodeEnvelope({ host, epoch, seq, schemaHash, t0, t1, rows: times.length, payload });
}

function rowsOf({ times, width, values, present }: SampleMatrix, from: number, to: number): SampleMatrix {
  const rows = to - from;
  const cut = <A extends Float64Array | Uint8Array>(all: A, part: A): A => {
    for (let column = 0; column < width; column++) {
      const start = column * times.length;
      part.set(all.subarray(start + from, start + to), column * rows);
    }
    return part;
  };
  return {
    times: times.slice(from, to),
    width,
    values: cut(values, new Float64Array(width * rows)),
    ...(present === undefined ? {} : { present: cut(present, new Uint8Array(width * rows)) }),
  };
}

function columnsOf({ times, values, present }: SampleMatrix, from: number, to: number): SampleMatrix {
  const [start, end] = [from * times.length, to * times.length];
  return {
    times,
    width: to - from,
    values: values.slice(start, end),
    ...(present === undefined ? {} : { present: present.slice(start, end) }),
  };
}

function seriesBetween({ metrics, series }: SeriesSchema, from: number, to: number): SeriesSchema {
  const kept = series.slice(from, to);
  const used = [...new Set(kept.map(({ metric }) => metric))];
  return {
    metrics: metrics.filter((_, index) => used.includes(index)),
    series: kept.map(({ metric, labels }) => ({
      metric: used.toSorted((a, b) => a - b).indexOf(metric),
      labels,
    })),
  };
}
