import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from './bytes.ts';
import { decodeColumn, decodeTimes, encodeColumn, encodeTimes } from './column.ts';

function roundTrip(
  values: Float64Array,
  present?: Uint8Array,
): { values: Float64Array; present: Uint8Array; bytes: number } {
  const writer = new ByteWriter();
  encodeColumn(values, present, writer);
  const bytes = writer.view();
  const reader = new ByteReader(bytes);
  const back = new Float64Array(values.length);
  const mask = new Uint8Array(values.length).fill(1);
  decodeColumn(reader, back, () => mask);
  reader.end();
  return { values: back, present: mask, bytes: bytes.byteLength };
}

function bits(values: Float64Array): string[] {
  return Array.from(new BigUint64Array(values.slice().buffer), (word) => word.toString(16));
}

/** Prometheus's staleness marker: a NaN with this payload. */
const staleNaN = new Float64Array(new BigUint64Array([0x7ff0000000000002n]).buffer);

test.each([
  ['a constant whole number', [42, 42, 42, 42, 42, 42, 42, 42, 42, 42], 4],
  ['a counter that grows evenly', [1_000_000, 1_000_512, 1_001_024, 1_001_536, 1_002_048, 1_002_560], 9],
  ['a ratio with four decimals', [0.1234, 0.1235, 0.1233, 0.124, 0.1239, 0.125], 9],
  ['a constant that is no short decimal', Array.from({ length: 60 }, () => Math.PI), 9],
  ['negative zero, infinities and extremes', [-0, 0, Infinity, -Infinity, Number.MIN_VALUE, Number.MAX_VALUE], 49],
  ['whole numbers too large to difference', [2 ** 53, 2 ** 53 - 1, -(2 ** 53)], 25],
])('%s comes back to the bit, in at most the bytes named', (_, list, mostBytes) => {
  const values = Float64Array.from(list);
  const back = roundTrip(values);
  expect(bits(back.values)).toEqual(bits(values));
  expect(back.bytes).toBeLessThanOrEqual(mostBytes);
});

test('the payload of a staleness marker survives, alone and in between', () => {
  const mixed = new Float64Array(5);
  mixed.set([1.5, 2.25], 0);
  mixed.set(staleNaN, 2);
  mixed.set([7, 8], 3);
  for (const values of [staleNaN, mixed]) expect(bits(roundTrip(values).values)).toEqual(bits(values));
});

test('rows without a sample come back as such, and cost less than a byte each', () => {
  const present = Uint8Array.from({ length: 600 }, (_, row) => (row >= 100 && row < 400 ? 0 : 1));
  const values = Float64Array.from({ length: 600 }, (_, row) => (present[row] === 1 ? row : 0));
  const back = roundTrip(values, present);
  expect(Array.from(back.present)).toEqual(Array.from(present));
  expect(Array.from(back.values)).toEqual(
    Array.from(values, (value, row) => (present[row] === 1 ? value : Number.NaN)),
  );
  expect(back.bytes).toBeLessThan(20);
});

const anyDouble = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.integer({ min: -100_000, max: 100_000 }).map((value) => value / 10_000),
);

test('any column of any doubles with any gaps comes back to the bit', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyDouble, fc.boolean()), { minLength: 1, maxLength: 100 }), (rows) => {
      const values = Float64Array.from(rows, ([value, exists]) => (exists ? value : Number.NaN));
      const present = Uint8Array.from(rows, ([, exists]) => Number(exists));
      const back = roundTrip(values, present);
      expect(Array.from(back.present)).toEqual(Array.from(present));
      expect(bits(back.values).filter((_, row) => present[row] === 1)).toEqual(
        bits(values).filter((_, row) => present[row] === 1),
      );
    }),
    { numRuns: 500 },
  );
});

test('any ascending times come back; evenly spaced ones cost a few bytes for hundreds', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 8_640_000_000 }), { minLength: 1, maxLength: 60 }), (list) => {
      const times = Float64Array.from(list).toSorted();
      const writer = new ByteWriter();
      encodeTimes(times, writer);
      expect(decodeTimes(new ByteReader(writer.view()), times.length)).toEqual(times);
    }),
  );
  const writer = new ByteWriter();
  encodeTimes(
    Float64Array.from({ length: 300 }, (_, row) => 1_764_000_000_000 + row * 1000),
    writer,
  );
  expect(writer.length).toBeLessThan(14);
});

test('times that stand still are refused by row', () => {
  const writer = new ByteWriter();
  encodeTimes(Float64Array.of(1000, 2000, 2000), writer);
  expect(() => decodeTimes(new ByteReader(writer.view()), 3)).toThrow(
    /times\[2\]: expected Unix ms above 2000, got 2000/u,
  );
});

test('random bytes are either a column or a clear error, never anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 50 }), (bytes, rows) => {
      const mask = new Uint8Array(rows).fill(1);
      try {
        decodeColumn(new ByteReader(bytes), new Float64Array(rows), () => mask);
      } catch (error) {
        expect(error).toMatchObject({ name: 'BatchError', code: expect.stringMatching(/^batch\//u) });
      }
    }),
    { numRuns: 2000 },
  );
});
