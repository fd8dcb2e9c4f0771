import { encodeEnvelope, encodePayload, encodeSchema, type BatchEnvelope, type SeriesSchema } from '@tarsier/protocol';
import { schemaHash, zstdCompress } from '@tarsier/protocol/zstd';

const schema: SeriesSchema = {
  metrics: [
    { name: 'cpu_busy_ratio', kind: 'gauge', unit: 'ratio', help: 'Busy.' },
    { name: 'sent_bytes_total', kind: 'counter', unit: 'bytes', help: 'Sent.' },
  ],
  series: [
    { metric: 0, labels: { cpu: 'all' } },
    { metric: 1, labels: { interface: 'eth0' } },
  ],
};
export const testSchemaBytes = encodeSchema(schema);

/** A batch of two series and ten seconds, as an agent sends it; the last tick at `endMs`. */
export function testBatch({
  endMs = Math.floor(Date.now() / 1000) * 1000,
  busy = (row: number) => row / 100,
  ...overrides
}: Partial<BatchEnvelope> & { readonly endMs?: number; readonly busy?: (row: number) => number } = {}): Uint8Array {
  const rows = 10;
  const times = Float64Array.from({ length: rows }, (_, row) => endMs - (rows - 1 - row) * 1000);
  const values = Float64Array.from({ length: rows * 2 }, (_, at) => (at < rows ? busy(at) : at * 1000));
  return encodeEnvelope({
    host: 'web-1',
    epoch: 1_700_000_000_000,
    seq: 0,
    schemaHash: schemaHash(testSchemaBytes),
    schema: testSchemaBytes,
    t0: times[0] ?? 0,
    t1: endMs,
    rows,
    payload: encodePayload({ times, width: 2, values }, zstdCompress),
    ...overrides,
  });
}
