import { many, message, one, type Codec, type Decoding, type Field } from './codec.ts';
import { bool, double, string } from './scalars.ts';

/** Lists, maps and bytes are there as text: JSON, and base64. So are integers that a number could not hold exactly. */
export type AttributeValue = string | number | boolean;

/** By name, as OpenTelemetry writes it: `service.name`. A map, so that no name can reach an object's prototype. */
export type Attributes = ReadonlyMap<string, AttributeValue>;

/** A value as JSON has it. */
type Plain = AttributeValue | readonly Plain[] | { readonly [key: string]: Plain };

const maxDepth = 16;

const exactInteger: Codec<Plain> = {
  protobuf: (reader) => reader.exactInt(),
  json(value, decoding) {
    if (typeof value === 'number') return value;
    if (typeof value !== 'string' || !/^-?\d{1,20}$/u.test(value)) throw decoding.unexpected('a whole number', value);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  },
};

const base64: Codec<Plain> = { protobuf: (reader) => toBase64(reader.bytes()), json: string.json };

type ValueKind = readonly [name: string, number: number, codec: (depth: number) => Codec<Plain>];

const valueKinds: readonly ValueKind[] = [
  ['stringValue', 1, () => string],
  ['boolValue', 2, () => bool],
  ['intValue', 3, () => exactInteger],
  ['doubleValue', 4, () => double],
  ['arrayValue', 5, (depth) => list(depth)],
  ['kvlistValue', 6, (depth) => map(depth)],
  ['bytesValue', 7, () => base64],
];

/** An AnyValue; without any of the known kinds it is ''. */
function anyValue(depth: number): Codec<Plain> {
  const check = (decoding: Decoding): void => {
    if (depth > maxDepth) throw decoding.unexpected(`values at most ${maxDepth} deep`, depth);
  };
  return {
    protobuf(reader, decoding) {
      check(decoding);
      let result: Plain = '';
      const inner = reader.message();
      while (inner.next()) {
        const kind = valueKinds.find(([, number]) => number === inner.field);
        if (kind === undefined) inner.skip();
        else result = kind[2](depth).protobuf(inner, decoding);
      }
      return result;
    },
    json(value, decoding) {
      check(decoding);
      if (typeof value !== 'object' || value === null) throw decoding.unexpected('an object', value);
      for (const [name, , codec] of valueKinds) {
        const given: unknown = Reflect.get(value, name);
        if (given === undefined || given === null) continue;
        decoding.path.push(name);
        const read = codec(depth).json(given, decoding);
        decoding.path.pop();
        return read;
      }
      return '';
    },
  };
}

function list(depth: number): Codec<Plain> {
  const codec = message({ values: many(1, anyValue(depth + 1)) });
  return {
    protobuf: (reader, decoding) => codec.protobuf(reader, decoding).values,
    json: (value, decoding) => codec.json(value, decoding).values,
  };
}

function map(depth: number): Codec<Plain> {
  const codec = message({ values: many(1, keyValue(depth + 1)) });
  const toObject = (pairs: readonly KeyValue[]): Plain =>
    Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
  return {
    protobuf: (reader, decoding) => toObject(codec.protobuf(reader, decoding).values),
    json: (value, decoding) => toObject(codec.json(value, decoding).values),
  };
}

interface KeyValue {
  readonly key: string;
  readonly value: Plain;
}

function keyValue(depth: number): Codec<KeyValue> {
  return message({ key: one(1, string, ''), value: one<Plain>(2, anyValue(depth), '') });
}

const pairs = many(0, keyValue(0));

/** A message's repeated KeyValue. Of a key that comes twice, the later value counts. */
export function attributes(number: number): Field<Map<string, AttributeValue>> {
  const add = (to: Map<string, AttributeValue>, { key, value }: KeyValue): void => {
    to.set(key, typeof value === 'object' ? JSON.stringify(value) : value);
  };
  return {
    number,
    empty: () => new Map(),
    protobuf(reader, decoding, before) {
      for (const pair of pairs.protobuf(reader, decoding, [])) add(before, pair);
      return before;
    },
    json(value, decoding) {
      const result = new Map<string, AttributeValue>();
      for (const pair of pairs.json(value, decoding)) add(result, pair);
      return result;
    },
  };
}

function toBase64(bytes: Uint8Array): string {
  let latin1 = '';
  for (const byte of bytes) latin1 += String.fromCharCode(byte);
  return btoa(latin1);
}
