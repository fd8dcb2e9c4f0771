/** A made-up fleet whose series look like those of hosts: what a batch of ten seconds holds. */
import { encodeEnvelope, encodePayload, encodeSchema, type SampleMatrix, type SeriesSchema } from '@tarsier/protocol';
import { schemaHash, zstdCompress } from '@tarsier/protocol/zstd';

export const rowsPerBatch = 10;

/**
 * Of 200 series of a host: 37 constants, 48 counters that rarely move, 39 of bytes and packets, 27 of CPU time, 19 of
 * memory in pages of 4 KiB, 10 percentages, 12 small whole numbers, 3 loads, 4 temperatures and an uptime.
 */
const mix = [
  ['constant', 37],
  ['rare', 48],
  ['busy', 39],
  ['jiffies', 27],
  ['memory', 19],
  ['percent', 10],
  ['small', 12],
  ['load', 3],
  ['temperature', 4],
  ['uptime', 1],
] as const;
type Shape = (typeof mix)[number][0];
const shapeOf: readonly Shape[] = mix.flatMap(([shape, count]) => Array.from({ length: count }, () => shape));
const counters: ReadonlySet<Shape> = new Set(['rare', 'busy', 'jiffies', 'uptime']);

/** Deterministic noise, so that two runs send the same bytes (Marsaglia's xorshift32, 2003). */
function createRandom(seed: number): () => number {
  let state = seed * 2_654_435_761 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

export interface FleetHost {
  readonly name: string;
  readonly schema: Uint8Array;
  /** What tells them apart, besides the host. */
  readonly series: readonly { readonly name: string; readonly device: string }[];
  /** The next rows, from `t0` on; with its schema the first time. */
  nextBatch(t0: number): { readonly body: Uint8Array };
  /** The same, not packed. */
  nextRows(t0: number): SampleMatrix;
}

/** One series: its next value, each second. */
function createSeries(shape: Shape, random: () => number, column: number): () => number {
  const normal = (): number => (random() + random() + random() + random() - 2) * Math.sqrt(3);
  const scale = 10 ** (1 + random() * 4);
  const share = random();
  let value = startOf(shape, random);
  switch (shape) {
    case 'constant':
      return () => value;
    case 'rare':
      return () => (random() < share * 0.05 ? (value += 1 + Math.floor(random() * 3)) : value);
    case 'busy':
      return () => {
        if (random() >= share * 0.3) value += Math.max(0, Math.floor(scale * (1 + 0.5 * normal())));
        return value;
      };
    case 'jiffies':
      return () => (value += Math.max(0, Math.round(share * 80 + Math.sqrt(share * 80) * normal())));
    case 'memory':
      return () => {
        if (random() < 0.3 + 0.7 * share) value = Math.max(0, value + Math.round((1 + share * 200) * normal()));
        return value * 4096;
      };
    case 'percent': {
      const digits = column % 2 === 0 ? 10 : 100;
      return () => Math.round((value = Math.min(100, Math.max(0, value + normal()))) * digits) / digits;
    }
    case 'small':
      return () => {
        const at = random();
        return (value = Math.max(0, value + (at < 0.1 ? 1 : at < 0.2 ? -1 : 0)));
      };
    case 'load':
      return () => Math.round((value = Math.max(0, value * 0.98 + random() * 0.08)) * 100) / 100;
    case 'temperature':
      return () => {
        if (random() < 0.2) value += random() < 0.5 ? 1 : -1;
        return value;
      };
    case 'uptime':
      return () => ++value;
  }
}

function startOf(shape: Shape, random: () => number): number {
  switch (shape) {
    case 'constant':
      return random() < 0.5 ? Math.floor(random() * 100) : Math.floor(random() * 2 ** 36);
    case 'busy':
      return Math.floor(random() * 1e11);
    case 'jiffies':
      return Math.floor(random() * 1e8);
    case 'memory':
      return Math.floor(random() * 4e6);
    case 'percent':
      return random() * 100;
    case 'small':
      return Math.floor(random() * 20);
    case 'load':
      return random() * 4;
    case 'temperature':
      return 40 + Math.floor(random() * 20);
    case 'rare':
    case 'uptime':
      return Math.floor(random() * 1e6);
  }
}

/** @param rows  of a batch; @param stepMs  between them */
export function createHost(
  index: number,
  width: number,
  epoch: number,
  { rows = rowsPerBatch, stepMs = 1_000 }: { readonly rows?: number; readonly stepMs?: number } = {},
): FleetHost {
  const random = createRandom(index + 1);
  const shapes = Array.from({ length: width }, (_, column) => shapeOf[column % shapeOf.length] ?? 'constant');
  const series = shapes.map((shape, column) => createSeries(shape, random, column));
  const schema: SeriesSchema = {
    metrics: shapes.map((shape, column) => ({
      name: counters.has(shape) ? `bench_${column}_total` : `bench_${column}`,
      kind: counters.has(shape) ? 'counter' : 'gauge',
      unit: '',
      help: 'A series of the benchmark.',
    })),
    series: shapes.map((_, metric) => ({ metric, labels: { device: `d${metric % 7}` } })),
  };
  const schemaBytes = encodeSchema(schema);
  const hash = schemaHash(schemaBytes);
  const name = `bench-${String(index).padStart(4, '0')}`;
  let seq = 0;

  function nextRows(t0: number): SampleMatrix {
    const times = Float64Array.from({ length: rows }, (_, row) => t0 + row * stepMs);
    const values = new Float64Array(width * rows);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < width; column++) values[column * rows + row] = series[column]?.() ?? 0;
    }
    return { times, width, values };
  }

  return {
    name,
    schema: schemaBytes,
    series: schema.series.map(({ metric, labels }) => ({
      name: schema.metrics[metric]?.name ?? '',
      device: labels['device'] ?? '',
    })),
    nextRows,
    nextBatch(t0) {
      const matrix = nextRows(t0);
      const body = encodeEnvelope({
        host: name,
        epoch,
        seq: seq++,
        schemaHash: hash,
        ...(seq === 1 ? { schema: schemaBytes } : {}),
        t0,
        t1: t0 + (rows - 1) * stepMs,
        rows,
        payload: encodePayload(matrix, zstdCompress),
      });
      return { body };
    },
  };
}
