/** Hot file: samples of each tick into columns, and columns into a batch. */
import {
  encodeEnvelope,
  encodePayload,
  encodeSchema,
  seriesSignature,
  type Labels,
  type MetricDescription,
  type UnixMs,
} from '@tarsier/protocol';
import { schemaHash, zstdCompress } from '@tarsier/protocol/zstd';
import type { CollectedSamples } from '@tarsier/plugins';

/** Samples of one plugin at one tick. */
export interface TickSource {
  readonly samples: Pick<CollectedSamples, 'seriesList' | 'metricOf' | 'values' | 'present'>;
}

export interface EncodedBatch {
  readonly epoch: UnixMs;
  readonly seq: number;
  readonly times: readonly UnixMs[];
  /** The envelope, without its schema. */
  readonly bytes: Uint8Array;
  readonly schema: { readonly hash: Uint8Array; readonly bytes: Uint8Array };
}

export interface Batcher {
  /** One tick's samples of the plugins that have some. */
  append(time: UnixMs, sources: readonly TickSource[]): void;
  /** Ticks that wait to be taken. */
  readonly rows: number;
  /** What has gathered since the last call; undefined when nothing has. */
  take(): EncodedBatch | undefined;
}

/** Batches of one epoch: the numbers above are those of their pieces, where one is sent in pieces (split.ts). */
export const seqsPerEpoch = 2 ** 24;

/** Ticks that fit; taking is due long before. */
const capacity = 120;

/** @param epoch  when this run of the agent began; greater than that of any run before */
export function createBatcher({ host, epoch }: { readonly host: string; readonly epoch: UnixMs }): Batcher {
  const metrics: MetricDescription[] = [];
  const metricIndex = new Map<string, number>();
  const series: { readonly metric: number; readonly labels: Labels }[] = [];
  const columnBySignature = new Map<string, number>();
  const columnsOf = new WeakMap<TickSource['samples'], number[]>();
  const times: UnixMs[] = [];
  const values: Float64Array[] = [];
  const present: Uint8Array[] = [];
  let schema: EncodedBatch['schema'] | undefined;
  let seq = 0;

  function addColumn({ samples }: TickSource, handle: number): number {
    const { name, labels } = samples.seriesList[handle] ?? { name: '', labels: {} };
    // A series has one column, also after its plugin was swapped or when two plugins put it out.
    const signature = seriesSignature({ name, labels });
    const known = columnBySignature.get(signature);
    if (known !== undefined) return known;
    columnBySignature.set(signature, series.length);
    let metric = metricIndex.get(name);
    if (metric === undefined) {
      const { kind = 'gauge', unit = '', help = '' } = samples.metricOf(name) ?? {};
      metric = metrics.push({ name, kind, unit, help }) - 1;
      metricIndex.set(name, metric);
    }
    schema = undefined;
    values.push(new Float64Array(capacity));
    present.push(new Uint8Array(capacity));
    return series.push({ metric, labels }) - 1;
  }

  function currentSchema(): EncodedBatch['schema'] {
    if (schema === undefined) {
      const bytes = encodeSchema({ metrics, series });
      schema = { bytes, hash: schemaHash(bytes) };
    }
    return schema;
  }

  return {
    append(time, sources) {
      // The oldest tick goes: whoever takes batches has stood still for minutes.
      if (times.length === capacity) {
        times.shift();
        for (const column of values) column.copyWithin(0, 1);
        for (const column of present) column.copyWithin(0, 1).fill(0, capacity - 1);
      }
      const row = times.push(time) - 1;
      for (const source of sources) {
        const { samples } = source;
        let columns = columnsOf.get(samples);
        if (columns === undefined) columnsOf.set(samples, (columns = []));
        for (let handle = 0; handle < samples.seriesList.length; handle++) {
          if (samples.present[handle] === 0) continue;
          const column = (columns[handle] ??= addColumn(source, handle));
          const columnValues = values[column];
          const columnPresent = present[column];
          if (columnValues === undefined || columnPresent === undefined) continue;
          columnValues[row] = samples.values[handle] ?? Number.NaN;
          columnPresent[row] = 1;
        }
      }
    },
    get rows() {
      return times.length;
    },
    take() {
      const rows = times.length;
      const [t0] = times;
      if (t0 === undefined || series.length === 0) {
        times.length = 0;
        return undefined;
      }
      const width = series.length;
      const matrix = {
        times: Float64Array.from(times),
        width,
        values: new Float64Array(width * rows),
        present: new Uint8Array(width * rows),
      };
      for (let column = 0; column < width; column++) {
        const columnPresent = present[column];
        if (columnPresent === undefined) continue;
        matrix.values.set(values[column]?.subarray(0, rows) ?? [], column * rows);
        matrix.present.set(columnPresent.subarray(0, rows), column * rows);
        columnPresent.fill(0);
      }
      const { hash, bytes: schemaBytes } = currentSchema();
      const taken = times.splice(0);
      const t1 = taken[rows - 1] ?? t0;
      const payload = encodePayload(matrix, zstdCompress);
      const bytes = encodeEnvelope({ host, epoch, seq, schemaHash: hash, t0, t1, rows, payload });
      return { epoch, seq: seq++, times: taken, bytes, schema: { hash, bytes: schemaBytes } };
    },
  };
}
