import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../bytes.ts';
import { encodeColumn } from '../column.ts';
import { beginPieces, decodeChunk, encodeChunk } from './chunk.ts';
import { decodeRows, decodeRowTimes, encodeRows } from './rows.ts';

function encode(values: Float64Array, present?: Uint8Array): Uint8Array {
  const writer = new ByteWriter();
  encodeChunk(values, present, writer);
  return writer.view().slice();
}

function decode(bytes: Uint8Array, rows: number): { readonly values: Float64Array; readonly present: Uint8Array } {
  const reader = new ByteReader(bytes);
  const values = new Float64Array(rows);
  const present = new Uint8Array(rows).fill(1);
  decodeChunk(reader, values, () => present);
  reader.end();
  return { values, present };
}

function bits(values: Float64Array): string[] {
  return Array.from(new BigUint64Array(values.slice().buffer), (word) => word.toString(16));
}

/** Deterministic noise in 0..1 (Marsaglia's xorshift32, 2003). */
function createNoise(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const rows = 3_600;

function hourOf(make: (row: number, noise: () => number, before: number) => number): Float64Array {
  const noise = createNoise(7);
  const values = new Float64Array(rows);
  for (let row = 0; row < rows; row++) values[row] = make(row, noise, values[row - 1] ?? 0);
  return values;
}

/** Prometheus's staleness marker: a NaN with this payload. */
const [staleNaN = 0] = new Float64Array(new BigUint64Array([0x7ff0000000000002n]).buffer);

const hours: readonly (readonly [what: string, values: Float64Array, mostBytes: number])[] = [
  ['a constant', hourOf(() => 42), 12],
  ['a counter that grows evenly', hourOf((row) => 1e9 + row * 512), 16],
  ['a counter that moves once a minute', hourOf((_, noise, before) => before + (noise() < 1 / 60 ? 1 : 0)), 90],
  ['a busy byte counter', hourOf((_, noise, before) => before + Math.floor(noise() * 20_000)), 6_600],
  ['a gauge in pages of 4 KiB', hourOf((_, noise) => Math.floor(noise() * 64) * 4096), 2_800],
  ['a ratio with four decimals', hourOf((_, noise) => Math.round(noise() * 10_000) / 10_000), 6_100],
  ['doubles that change a tenth of the time', hourOf((_, noise, before) => (noise() < 0.1 ? noise() : before)), 2_900],
  ['noise to the last bit', hourOf((_, noise) => noise() * Math.PI), 8 * rows],
  ['numbers at the edge of what is whole', hourOf((_, noise) => Math.floor((noise() - 0.5) * 2 ** 50)), 8 * rows],
  ['not a number and infinities', hourOf((row) => [Number.NaN, Infinity, -Infinity, -0][row % 4] ?? 0), 2_500],
  ['staleness markers between samples', hourOf((row) => (row % 100 === 99 ? staleNaN : row % 7)), 6_000],
];

test.each(hours)('an hour of %s comes back to the bit, in few bytes', (_, values, mostBytes) => {
  const bytes = encode(values);
  expect(bits(decode(bytes, rows).values)).toEqual(bits(values));
  expect(bytes.byteLength).toBeLessThanOrEqual(mostBytes);
});

const anyDouble = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.integer({ min: -30, max: 30 }),
  fc.integer({ min: -100_000, max: 100_000 }).map((value) => value / 10_000),
  fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, Number.MIN_VALUE, Number.MAX_VALUE, 2 ** 49, -(2 ** 49)),
);
const columns = fc.oneof(
  fc.array(fc.tuple(anyDouble, fc.boolean()), { minLength: 1, maxLength: 200 }),
  fc.array(fc.tuple(fc.integer({ min: -1e6, max: 1e6 }), fc.constant(true)), { minLength: 24, maxLength: 200 }),
  fc.array(
    fc.tuple(
      fc.integer({ min: 0, max: 5_000 }).map((cents) => cents / 100),
      fc.boolean(),
    ),
    {
      minLength: 24,
      maxLength: 200,
    },
  ),
  fc.array(
    fc.tuple(
      fc.maxSafeInteger().map((value) => Math.trunc(value / 16)),
      fc.constant(true),
    ),
    {
      minLength: 24,
      maxLength: 80,
    },
  ),
);

test('any column of any doubles with any gaps comes back to the bit', () => {
  fc.assert(
    fc.property(columns, (cells) => {
      const values = Float64Array.from(cells, ([value, exists]) => (exists ? value : Number.NaN));
      const present = Uint8Array.from(cells, ([, exists]) => Number(exists));
      const back = decode(encode(values, present), cells.length);
      expect(Array.from(back.present)).toEqual(Array.from(present));
      expect(bits(back.values).filter((_, row) => present[row] === 1)).toEqual(
        bits(values).filter((_, row) => present[row] === 1),
      );
    }),
    { numRuns: 2_000 },
  );
});

test('columns that follow each other as they came are one chunk', () => {
  const writer = new ByteWriter();
  beginPieces(
    [
      { count: 2, rows: 10 },
      { count: 1, rows: 5 },
    ],
    writer,
  );
  const values = Float64Array.from({ length: 25 }, (_, row) => (row * row) % 11);
  const present = Uint8Array.from({ length: 25 }, (_, row) => (row > 10 && row < 22 ? 0 : 1));
  for (const [from, to] of [
    [0, 10],
    [10, 20],
    [20, 25],
  ] as const) {
    encodeColumn(values.subarray(from, to), present.subarray(from, to), writer);
  }
  const back = decode(writer.view(), 25);
  expect([...back.present]).toEqual([...present]);
  expect([...back.values].filter((_, row) => present[row] === 1)).toEqual(
    [...values].filter((_, row) => present[row] === 1),
  );
  expect(() => decode(writer.view(), 26)).toThrow('pieces: expected 26 rows, got 25');
  expect(() => decode(writer.view(), 24)).toThrow('pieces: expected 24 rows, got 20');
});

function isBatchError(error: unknown): void {
  expect(error).toMatchObject({ name: 'BatchError', code: expect.stringMatching(/^batch\//u) });
}

test('a chunk cut or changed at any byte gives numbers or a BatchError, never another failure', () => {
  for (const [, values] of hours) {
    const short = encode(values.subarray(0, 200));
    for (let end = 0; end < Math.min(short.byteLength, 300); end++) {
      try {
        decode(short.subarray(0, end), 200);
        throw new Error(`read whole although it ends after ${end} bytes`);
      } catch (error) {
        isBatchError(error);
      }
    }
    const edits = fc.array(fc.tuple(fc.nat(short.byteLength - 1), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(edits, (changes) => {
        const bytes = short.slice();
        for (const [at, byte] of changes) bytes[at] = byte;
        try {
          decode(bytes, 200);
        } catch (error) {
          isBatchError(error);
        }
      }),
      { numRuns: 200 },
    );
  }
});

test('random bytes are either a chunk or a clear error, never anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 100 }), (bytes, count) => {
      // Half of them with a header that says there is something packed.
      for (const all of [
        bytes,
        Uint8Array.from([5, 1, ...bytes]),
        Uint8Array.from([6, ...bytes]),
        Uint8Array.from([7, ...bytes]),
      ]) {
        try {
          decode(all, count);
        } catch (error) {
          isBatchError(error);
        }
      }
    }),
    { numRuns: 3_000 },
  );
});

const someRows = fc
  .array(fc.record({ step: fc.nat(5_000), epoch: fc.nat(3), seq: fc.nat(50) }), { minLength: 1, maxLength: 100 })
  .map((steps) => {
    let time = 1_764_000_000_000;
    return {
      times: Float64Array.from(steps, ({ step }) => (time += step)),
      epochs: Float64Array.from(steps, ({ epoch }) => 1_763_000_000_000 + epoch),
      seqs: Float64Array.from(steps, ({ seq }) => seq),
    };
  });

test('rows come back with the batch each came with, the same time twice included; even ones cost next to nothing', () => {
  fc.assert(
    fc.property(someRows, (given) => {
      const writer = new ByteWriter();
      encodeRows(given, writer);
      expect(decodeRows(new ByteReader(writer.view()))).toEqual(given);
      expect(decodeRowTimes(new ByteReader(writer.view()))).toEqual(given.times);
    }),
  );
  const writer = new ByteWriter();
  encodeRows(
    {
      times: Float64Array.from({ length: rows }, (_, row) => 1_764_000_000_000 + row * 1000),
      epochs: new Float64Array(rows).fill(1_763_999_000_000),
      seqs: Float64Array.from({ length: rows }, (_, row) => 100 + Math.floor(row / 10)),
    },
    writer,
  );
  expect(writer.length).toBeLessThan(40);
});

test('rows that are cut, changed or made up are a BatchError', () => {
  const writer = new ByteWriter();
  encodeRows(
    { times: Float64Array.of(5, 6, 9), epochs: Float64Array.of(1, 1, 2), seqs: Float64Array.of(0, 0, 4) },
    writer,
  );
  const whole = writer.view().slice();
  fc.assert(
    fc.property(fc.nat(whole.byteLength - 1), fc.integer({ min: 0, max: 255 }), fc.boolean(), (at, byte, cut) => {
      const bytes = cut ? whole.subarray(0, at) : whole.slice();
      if (!cut) bytes[at] = byte;
      try {
        decodeRows(new ByteReader(bytes));
      } catch (error) {
        isBatchError(error);
      }
    }),
    { numRuns: 1_000 },
  );
});

const golden = new URL('../testdata/', import.meta.url);

test('chunks written by every earlier version still read as they did', () => {
  if (process.env['UPDATE_GOLDEN'] === '1') {
    for (const [what, values] of hours) {
      const name = `chunk-v1-${what.replaceAll(/\W+/gu, '-')}`;
      const some = values.subarray(0, 300);
      writeFileSync(new URL(`${name}.chunk`, golden), encode(some));
      writeFileSync(new URL(`${name}.json`, golden), `${JSON.stringify({ rows: 300, bits: bits(some) })}\n`);
    }
  }
  const cases = readdirSync(golden).filter((name) => name.endsWith('.chunk'));
  expect(cases.length).toBeGreaterThanOrEqual(hours.length);
  for (const name of cases) {
    const expected = JSON.parse(readFileSync(new URL(name.replace('.chunk', '.json'), golden), 'utf8')) as {
      rows: number;
      bits: string[];
    };
    expect(bits(decode(readFileSync(new URL(name, golden)), expected.rows).values)).toEqual(expected.bits);
  }
});
