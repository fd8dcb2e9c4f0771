/** A made-up fleet whose series look like those of hosts: what a batch of ten seconds holds. */
import { encodeEnvelope, encodePayload, encodeSchema, type SeriesSchema } from '@tarsier/protocol';
import { schemaHash, zstdCompress } from '@tarsier/protocol/zstd';

export const rowsPerBatch = 10;

/** Shares of the kinds of series, as on a real host: about a third never changes within ten seconds. */
type Shape = 'constant' | 'idle-counter' | 'counter' | 'ratio' | 'bytes' | 'float';
const mix: readonly Shape[] = [
  'constant',
  'constant',
  'constant',
  'idle-counter',
  'counter',
  'counter',
  'ratio',
  'ratio',
  'bytes',
  'float',
];

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
  /** The next ten seconds, from `t0` on; with its schema the first time. */
  nextBatch(t0: number): { readonly body: Uint8Array; readonly samples: number };
}

export function createHost(index: number, width: number, epoch: number): FleetHost {
  const random = createRandom(index + 1);
  const shapes = Array.from({ length: width }, (_, column) => mix[column % mix.length] ?? 'constant');
  const state = Float64Array.from(shapes, (shape) => (shape === 'ratio' ? random() : Math.floor(random() * 1e9)));
  const schema: SeriesSchema = {
    metrics: shapes.map((shape, column) => ({
      name: shape.endsWith('counter') ? `bench_${column}_total` : `bench_${column}`,
      kind: shape.endsWith('counter') ? 'counter' : 'gauge',
      unit: shape === 'ratio' ? 'ratio' : '',
      help: 'A series of the benchmark.',
    })),
    series: shapes.map((_, metric) => ({ metric, labels: { device: `d${metric % 7}` } })),
  };
  const schemaBytes = encodeSchema(schema);
  const hash = schemaHash(schemaBytes);
  const name = `bench-${String(index).padStart(4, '0')}`;
  let seq = 0;

  function step(column: number): number {
    const value = state[column] ?? 0;
    switch (shapes[column]) {
      case 'counter':
        return value + Math.floor(random() * 20_000);
      case 'ratio':
        return Math.round(Math.min(1, Math.max(0, value + (random() - 0.5) * 0.02)) * 10_000) / 10_000;
      case 'bytes':
        return random() < 0.5 ? value : Math.max(0, value + Math.floor((random() - 0.5) * 256) * 4096);
      case 'float':
        return random() < 0.7 ? value : value * (1 + (random() - 0.5) * 1e-3);
      case 'idle-counter':
        return random() < 0.98 ? value : value + 1;
      default:
        return value;
    }
  }

  return {
    name,
    nextBatch(t0) {
      const times = Float64Array.from({ length: rowsPerBatch }, (_, row) => t0 + row * 1000);
      const values = new Float64Array(width * rowsPerBatch);
      for (let row = 0; row < rowsPerBatch; row++) {
        for (let column = 0; column < width; column++) {
          state[column] = step(column);
          values[column * rowsPerBatch + row] = state[column] ?? 0;
        }
      }
      const body = encodeEnvelope({
        host: name,
        epoch,
        seq: seq++,
        schemaHash: hash,
        ...(seq === 1 ? { schema: schemaBytes } : {}),
        t0,
        t1: t0 + (rowsPerBatch - 1) * 1000,
        rows: rowsPerBatch,
        payload: encodePayload({ times, width, values }, zstdCompress),
      });
      return { body, samples: values.length };
    },
  };
}
