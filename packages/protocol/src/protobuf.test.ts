import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProtobufError, ProtobufReader } from './protobuf.ts';

/** The first field of a message of these bytes. */
function field(...bytes: number[]): ProtobufReader {
  const reader = new ProtobufReader(Uint8Array.from(bytes));
  expect(reader.next()).toBe(true);
  return reader;
}

/** LEB128 of a 64-bit integer, as the specification has it. */
function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

function fixed(value: bigint): number[] {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
  return [...bytes];
}

const int64 = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.integer().map(BigInt));

test('64-bit integers come as the nearest number, in every form', () => {
  fc.assert(
    fc.property(int64, (value) => {
      const unsigned = BigInt.asUintN(64, value);
      expect(field(0x08, ...varint(value)).int()).toBe(Number(value));
      expect(field(0x08, ...varint(value)).uint()).toBe(Number(unsigned));
      expect(field(0x09, ...fixed(value)).sfixed64()).toBe(Number(value));
      expect(field(0x09, ...fixed(value)).fixed64()).toBe(Number(unsigned));
      expect(field(0x09, ...fixed(value)).nanosAsMs()).toBe(Number(unsigned / 1_000_000n));
      expect(BigInt(field(0x08, ...varint(value)).exactInt())).toBe(value);
    }),
  );
});

test.each([2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 53n + 3n, -(2n ** 53n) - 1n])(
  'around 2^53 (%s) a number is the nearest there is, and an identifier stays exact',
  (value) => {
    expect(field(0x08, ...varint(value)).int()).toBe(Number(value));
    expect(String(field(0x08, ...varint(value)).exactInt())).toBe(String(value));
  },
);

test.each<[what: string, bytes: number[], code: string]>([
  ['a string that ends early', [0x0a, 5, 97, 98], 'protobuf/truncated'],
  ['a varint that ends early', [0x08, 0x80], 'protobuf/truncated'],
  ['a length beyond 2^53', [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], 'protobuf/truncated'],
  ['a varint of eleven bytes', [0x08, ...Array<number>(10).fill(0x80), 1], 'protobuf/malformed'],
  ['field number 0', [0x00, 0x00], 'protobuf/malformed'],
  ['a group', [0x0b, 0x0c], 'protobuf/malformed'],
])('%s is refused', (_, bytes, code) => {
  const reader = new ProtobufReader(Uint8Array.from(bytes));
  expect(() => {
    while (reader.next()) reader.skip();
  }).toThrow(expect.objectContaining({ code }));
});

test('a message can not reach beyond its parent', () => {
  // Field 1 has two bytes, whose own field 1 claims three.
  const inner = field(0x0a, 2, 0x0a, 3, 1, 2, 3).message();
  inner.next();
  expect(() => inner.bytes()).toThrow(ProtobufError);
});

test('a value of another type than expected is refused, not misread', () => {
  expect(() => field(0x08, 1).string()).toThrow(expect.objectContaining({ code: 'protobuf/malformed' }));
  expect(() => field(0x0a, 0).double()).toThrow(expect.objectContaining({ code: 'protobuf/malformed' }));
});
