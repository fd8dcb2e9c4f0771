import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeEnvelope, encodeEnvelope, maxBatchBytes, withSchema, type BatchEnvelope } from './batch.ts';
import { decodePayload, encodePayload, type SampleMatrix } from './payload.ts';
import { decodeSchema, encodeSchema, type SeriesSchema } from './schema.ts';
import { schemaHash, zstdCompress, zstdDecompress } from './zstd.ts';

const schema: SeriesSchema = {
  metrics: [
    { name: 'cpu_busy_ratio', kind: 'gauge', unit: 'ratio', help: 'Share of time not idle.' },
    { name: 'network_received_bytes_total', kind: 'counter', unit: 'bytes', help: 'Bytes received.' },
  ],
  series: [
    { metric: 0, labels: { cpu: 'all' } },
    { metric: 1, labels: { interface: 'eth0', direction: 'in "quoted"' } },
  ],
};

const matrix: SampleMatrix = {
  times: Float64Array.from({ length: 10 }, (_, row) => 1_764_000_000_000 + row * 1000),
  width: 2,
  values: Float64Array.from({ length: 20 }, (_, index) => (index < 10 ? 0.1 + index / 1000 : 5_000 + index * 1500)),
};

function envelope(overrides: Partial<BatchEnvelope> = {}): BatchEnvelope {
  const schemaBytes = encodeSchema(schema);
  return {
    host: 'db-1',
    epoch: 1_763_999_999_000,
    seq: 7,
    schemaHash: schemaHash(schemaBytes),
    schema: schemaBytes,
    t0: matrix.times[0] ?? 0,
    t1: matrix.times[9] ?? 0,
    rows: 10,
    payload: encodePayload(matrix, zstdCompress),
    ...overrides,
  };
}

test('what an agent packs, a collector reads: host, schema, times and samples', () => {
  const batch = decodeEnvelope(encodeEnvelope(envelope()));
  expect(batch).toMatchObject({ host: 'db-1', epoch: 1_763_999_999_000, seq: 7, rows: 10 });
  expect(decodeSchema(batch.schema ?? new Uint8Array())).toEqual(schema);
  expect(decodePayload(batch.payload, zstdDecompress)).toEqual(matrix);
});

test('a payload is compressed where that saves a fifth of it, and else left as it is', () => {
  const [busy, idle] = [new Float64Array(2_000), new Float64Array(2_000).fill(0.1)];
  for (const [index] of busy.entries()) busy[index] = (busy[index - 1] ?? 0) + ((index * 7_919) % 5_003);
  const kindOf = (values: Float64Array): number | undefined =>
    encodePayload({ times: matrix.times, width: 200, values }, zstdCompress)[0];
  expect([kindOf(busy), kindOf(idle)]).toEqual([0, 1]);
});

test('after a 409 the same batch goes again with its schema', () => {
  const { schema: schemaBytes, ...bare } = envelope();
  const first = encodeEnvelope(bare);
  expect(decodeEnvelope(first).schema).toBeUndefined();
  const again = decodeEnvelope(withSchema(first, schemaBytes ?? new Uint8Array()));
  expect(again).toMatchObject({ seq: 7 });
  expect(schemaHash(again.schema ?? new Uint8Array())).toEqual(again.schemaHash);
});

test('equal schemas have equal hashes, in whatever order their labels were given', () => {
  const other: SeriesSchema = {
    ...schema,
    series: [
      { metric: 0, labels: { cpu: 'all' } },
      { metric: 1, labels: { direction: 'in "quoted"', interface: 'eth0' } },
    ],
  };
  expect(encodeSchema(other)).toEqual(encodeSchema(schema));
});

test.each([
  ['an empty host', { host: '' }, 'host'],
  ['a host with a line break', { host: 'a\nb' }, 'host'],
  ['a negative sequence number', { seq: -1 }, 'seq'],
  ['a fractional epoch', { epoch: 1.5 }, 'epoch'],
  ['a short schema hash', { schemaHash: new Uint8Array(15) }, 'schemaHash'],
  ['an end before the start', { t1: 5 }, 't1'],
  ['an empty payload', { payload: new Uint8Array() }, 'payload'],
])('%s is refused, naming the field', (_, overrides, field) => {
  expect(() => decodeEnvelope(encodeEnvelope(envelope(overrides)))).toThrow(
    expect.objectContaining({ code: 'batch/field', field, retryable: false }),
  );
});

test('a batch of another version says which one was expected', () => {
  const bytes = encodeEnvelope(envelope()).slice();
  bytes[1] = 9;
  expect(() => decodeEnvelope(bytes)).toThrow('version: expected 1, got number 9');
});

test('a body over the limit is refused before it is read', () => {
  expect(() => decodeEnvelope(new Uint8Array(maxBatchBytes + 1))).toThrow(
    expect.objectContaining({ code: 'batch/too-large' }),
  );
});

test('five bytes that claim an array of four billion cost nothing', () => {
  expect(() => decodeEnvelope(Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff))).toThrow(
    expect.objectContaining({ code: 'batch/truncated' }),
  );
});

test('a payload that decompresses to more than the limit is refused', () => {
  const bomb = zstdCompress(new Uint8Array(64 * 1024 * 1024));
  const payload = new Uint8Array([1, ...bomb]);
  expect(payload.byteLength).toBeLessThan(10_000);
  expect(() => decodePayload(payload, zstdDecompress)).toThrow(expect.objectContaining({ code: 'batch/compression' }));
});

test.each([
  ['a label named host', [[['up', 0, '', '']], [[0, 'host', 'x']]], 'schema.series[0].labels'],
  ['a metric index out of range', [[['up', 0, '', '']], [[1]]], 'schema.series[0].metric'],
  ['a metric name with a space', [[['u p', 0, '', '']], []], 'schema.metrics[0].name'],
  ['a label twice', [[['up', 0, '', '']], [[0, 'a', '1', 'a', '2']]], 'schema.series[0].labels'],
])('a schema with %s is refused, naming the place', async (_, value, field) => {
  const { pack } = await import('msgpackr');
  expect(() => decodeSchema(pack(value))).toThrow(expect.objectContaining({ code: 'batch/schema', field }));
});

test('a batch cut or changed at any byte gives a batch or a BatchError, never another failure', () => {
  const whole = encodeEnvelope(envelope());
  const decodeAll = (bytes: Uint8Array): void => {
    try {
      const batch = decodeEnvelope(bytes);
      if (batch.schema !== undefined) decodeSchema(batch.schema);
      decodePayload(batch.payload, zstdDecompress);
    } catch (error) {
      expect(error).toMatchObject({ name: 'BatchError', code: expect.stringMatching(/^batch\//u) });
    }
  };
  for (let end = 0; end < whole.byteLength; end++) {
    expect(() => decodeEnvelope(whole.subarray(0, end))).toThrow(expect.objectContaining({ name: 'BatchError' }));
  }
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(whole.byteLength - 1), fc.integer({ min: 0, max: 255 })), {
        minLength: 1,
        maxLength: 8,
      }),
      (edits) => {
        const bytes = whole.slice();
        for (const [at, byte] of edits) bytes[at] = byte;
        decodeAll(bytes);
      },
    ),
    { numRuns: 2000 },
  );
});

const golden = new URL('./testdata/', import.meta.url);

test('batches written by every earlier version still read as they did', () => {
  if (process.env['UPDATE_GOLDEN'] === '1') {
    writeFileSync(new URL('v1-two-series.bin', golden), encodeEnvelope(envelope()));
    writeFileSync(
      new URL('v1-two-series.json', golden),
      `${JSON.stringify({ host: 'db-1', seq: 7, schema, times: [...matrix.times], values: [...matrix.values] }, null, 2)}\n`,
    );
  }
  const cases = readdirSync(golden).filter((name) => name.endsWith('.bin'));
  expect(cases).toContain('v1-two-series.bin');
  for (const name of cases) {
    const batch = decodeEnvelope(readFileSync(new URL(name, golden)));
    const { times, values } = decodePayload(batch.payload, zstdDecompress);
    const expected: unknown = JSON.parse(readFileSync(new URL(name.replace('.bin', '.json'), golden), 'utf8'));
    expect({
      host: batch.host,
      seq: batch.seq,
      schema: decodeSchema(batch.schema ?? new Uint8Array()),
      times: [...times],
      values: [...values],
    }).toEqual(expected);
  }
});
