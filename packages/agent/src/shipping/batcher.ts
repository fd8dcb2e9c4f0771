/** Hot file: samples of each tick into columns, and columns into a batch. `pnpm bench agent` shows what it costs. */
import {
  countSamples,
  encodeEnvelope,
  encodePayload,
  encodeSchema,
  markStale,
  payloadLimits,
  seriesSignature,
  type Labels,
  type MetricDescription,
  type UnixMs,
} from '@tarsier/protocol';
import { schemaHash, zstdCompress } from '@tarsier/protocol/zstd';
import type { CollectedSamples } from '@tarsier/plugins';

/** Samples of one plugin at one tick. */
export interface TickSource {
  readonly samples: Pick<CollectedSamples, 'seriesList' | 'generation' | 'metricOf' | 'values' | 'present'>;
}

export interface EncodedBatch {
  readonly epoch: UnixMs;
  readonly seq: number;
  readonly times: readonly UnixMs[];
  /** The ends of series included. */
  readonly samples: number;
  /** The envelope, without its schema. */
  readonly bytes: Uint8Array;
  readonly schema: { readonly hash: Uint8Array; readonly bytes: Uint8Array };
}

export interface Batcher {
  readonly epoch: UnixMs;
  /** Ticks that wait to be taken. */
  readonly rows: number;
  /** The first tick that waits. */
  readonly oldest: UnixMs | undefined;
  /** No more ticks should be added before it is taken. */
  readonly full: boolean;
  /** The epoch has no more numbers. */
  readonly spent: boolean;
  /** Series of the batches. */
  readonly width: number;
  /** Series that have no place in a batch any more. */
  readonly leftOut: number;
  /** One tick's samples of the plugins that have some. @returns how many samples */
  append(time: UnixMs, sources: readonly TickSource[]): number;
  /** A tick at which the series end that were in the batches of the last minutes: the agent goes. All must be taken. */
  end(time: UnixMs): void;
  /** What has gathered since the last call; undefined when nothing has. */
  take(): EncodedBatch | undefined;
  /** Numbers begin again. What has gathered must have been taken. @param epoch  greater than every one before */
  begin(epoch: UnixMs): void;
}

interface Column {
  readonly signature: string;
  readonly metric: MetricDescription;
  readonly labels: Labels;
  /** When a batch last had a sample of it. */
  lastAt: UnixMs;
}

/** Batches of one epoch: the numbers above are those of their pieces, where one is sent in pieces (split.ts). */
export const seqsPerEpoch = 2 ** 24;

/** Ticks that fit; taking is due long before. */
const mostRows = 120;
const fullRows = 100;
/** A batch of so many samples is large enough to be worth sending. */
const fullSamples = 200_000;
/** Series that had no sample for so long are left out of the next batches, once they are an eighth of all. */
const forgetAfterMs = 3_600_000;
/** As long, where more than half of the places are taken: applications may push ever new ones. */
const forgetSoonMs = 300_000;
/** Nobody sees a series that had no sample for so long: it has ended already. */
const lookBackMs = 300_000;
const none = -1;

/** @param epoch  when this run of the agent began; greater than that of any run before */
export function createBatcher({
  host,
  epoch: firstEpoch,
  maxSeries = payloadLimits.width,
  warn,
}: {
  readonly host: string;
  readonly epoch: UnixMs;
  readonly maxSeries?: number;
  readonly warn?: (message: string) => void;
}): Batcher {
  let columns: Column[] = [];
  let bySignature = new Map<string, number>();
  /** By the plugin's output, by the handle that a series has there: its column. */
  let columnsOf = new WeakMap<TickSource['samples'], { readonly places: Int32Array; readonly generation: number }>();
  const leftOut = new Set<string>();
  const times: UnixMs[] = [];
  /** Of each column its rows, one column behind the other: as a batch is encoded, once there are `stride` rows. */
  let values = new Float64Array();
  let present = new Uint8Array();
  /** Rows that a column has room for: as many as the batch before had, so that nothing need be moved. */
  let stride = 1;
  let schema: EncodedBatch['schema'] | undefined;
  let epoch = firstEpoch;
  let seq = 0;

  function addColumn({ samples }: TickSource, handle: number): number {
    const { name, labels } = samples.seriesList[handle] ?? { name: '', labels: {} };
    // A series has one column, also after its plugin was swapped or when two plugins put it out.
    const signature = seriesSignature({ name, labels });
    const known = bySignature.get(signature);
    if (known !== undefined) return known;
    if (columns.length >= maxSeries) {
      if (leftOut.size === 0)
        warn?.(`more than ${maxSeries} series of all plugins together; the first one left out is ${signature}`);
      if (leftOut.size < maxSeries) leftOut.add(signature);
      return none;
    }
    const { kind = 'gauge', unit, help } = samples.metricOf(name) ?? {};
    schema = undefined;
    const metric = { name, kind, unit: textOnly(unit), help: textOnly(help) };
    const place = columns.push({ signature, metric, labels, lastAt: 0 }) - 1;
    bySignature.set(signature, place);
    if (columns.length * stride > values.length) layOut(stride, Math.ceil(columns.length * 1.25) + 64);
    return place;
  }

  /** Moves what there is to where it is with so many rows a column, in room for so many columns. */
  function layOut(rows: number, width = Math.floor(values.length / stride)): void {
    const [nextValues, nextPresent] = [new Float64Array(rows * width), new Uint8Array(rows * width)];
    const kept = Math.min(rows, times.length);
    for (let column = 0; column < columns.length; column++) {
      const [from, to] = [column * stride, column * rows];
      nextValues.set(values.subarray(from, from + kept), to);
      nextPresent.set(present.subarray(from, from + kept), to);
    }
    [values, present, stride] = [nextValues, nextPresent, rows];
  }

  function currentSchema(): EncodedBatch['schema'] {
    if (schema === undefined) {
      const metrics: MetricDescription[] = [];
      const indexes = new Map<string, number>();
      const series = columns.map(({ metric, labels }) => {
        let index = indexes.get(metric.name);
        if (index === undefined) indexes.set(metric.name, (index = metrics.push(metric) - 1));
        return { metric: index, labels };
      });
      const bytes = encodeSchema({ metrics, series });
      schema = { bytes, hash: schemaHash(bytes) };
    }
    return schema;
  }

  function makeRoom(): void {
    if (times.length < stride) return;
    if (stride < mostRows) {
      layOut(Math.min(mostRows, stride * 2));
      return;
    }
    // The oldest tick goes: whoever takes batches has stood still for minutes.
    times.shift();
    values.copyWithin(0, 1);
    present.copyWithin(0, 1);
    for (let last = stride - 1; last < present.length; last += stride) present[last] = 0;
  }

  /** Containers, disks and processes come and go: what is gone must not keep its place for ever. */
  function forgetGone(now: UnixMs): void {
    const patienceMs = columns.length > maxSeries / 2 ? forgetSoonMs : forgetAfterMs;
    const gone = (column: Column): boolean => column.lastAt < now - patienceMs;
    let count = 0;
    for (const column of columns) if (gone(column)) count++;
    if (count === 0 || count * 8 < columns.length) return;
    columns = columns.filter((column) => !gone(column));
    bySignature = new Map(columns.map(({ signature }, index) => [signature, index]));
    columnsOf = new WeakMap();
    leftOut.clear();
    schema = undefined;
  }

  function appendSource(source: TickSource, row: number): number {
    const { seriesList, generation, values: from, present: isThere } = source.samples;
    const known = columnsOf.get(source.samples);
    // Once a series was forgotten, its handle may be another's.
    let places = known?.generation === generation ? known.places : undefined;
    if (places === undefined || places.length < seriesList.length) {
      const grown = new Int32Array(Math.max(64, seriesList.length * 2)).fill(none - 1);
      if (places !== undefined) grown.set(places);
      columnsOf.set(source.samples, { places: (places = grown), generation });
    }
    let count = 0;
    for (let handle = 0; handle < seriesList.length; handle++) {
      if (isThere[handle] === 0) continue;
      let place = places[handle] ?? none;
      if (place < none) places[handle] = place = addColumn(source, handle);
      if (place === none) continue;
      const at = place * stride + row;
      values[at] = from[handle] ?? Number.NaN;
      present[at] = 1;
      count++;
    }
    return count;
  }

  return {
    get epoch() {
      return epoch;
    },
    get rows() {
      return times.length;
    },
    get oldest() {
      return times[0];
    },
    get full() {
      return times.length >= fullRows || times.length * columns.length >= fullSamples;
    },
    get spent() {
      return seq >= seqsPerEpoch;
    },
    get width() {
      return columns.length;
    },
    get leftOut() {
      return leftOut.size;
    },

    append(time, sources) {
      makeRoom();
      const row = times.push(time) - 1;
      let count = 0;
      for (const source of sources) count += appendSource(source, row);
      return count;
    },

    end(time) {
      makeRoom();
      const row = times.push(time) - 1;
      for (const [place, { lastAt }] of columns.entries()) {
        if (lastAt <= time - lookBackMs) continue;
        markStale(values, place * stride + row);
        present[place * stride + row] = 1;
      }
    },

    take() {
      const rows = times.length;
      if (rows > 0 && rows !== stride) layOut(rows);
      const taken = times.splice(0);
      const [t0] = taken;
      const t1 = taken.at(-1);
      const width = columns.length;
      if (t0 === undefined || t1 === undefined || width === 0) return undefined;
      for (const [index, column] of columns.entries()) {
        const first = present.indexOf(1, index * rows);
        if (first >= 0 && first < (index + 1) * rows) column.lastAt = t1;
      }
      const { hash, bytes: schemaBytes } = currentSchema();
      const places = width * rows;
      const matrix = { values: values.subarray(0, places), present: present.subarray(0, places) };
      const samples = countSamples(matrix);
      const payload = encodePayload({ times: Float64Array.from(taken), width, ...matrix }, zstdCompress);
      const bytes = encodeEnvelope({ host, epoch, seq, schemaHash: hash, t0, t1, rows, payload });
      present.fill(0);
      forgetGone(t1);
      return { epoch, seq: seq++, times: taken, samples, bytes, schema: { hash, bytes: schemaBytes } };
    },

    begin(next) {
      epoch = next;
      seq = 0;
    },
  };
}

/** From a plugin in JavaScript anything may come, and a collector would refuse the whole batch. */
function textOnly(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
