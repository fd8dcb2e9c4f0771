/** The plain types of OTLP's messages. JSON has 64-bit integers as strings or numbers, and enums as integers. */
import type { Codec, Decoding } from './codec.ts';

export const string: Codec<string> = {
  protobuf: (reader) => reader.string(),
  json(value, decoding) {
    if (typeof value !== 'string') throw decoding.unexpected('a string', value);
    return value;
  },
};

export const bool: Codec<boolean> = {
  protobuf: (reader) => reader.uint() !== 0,
  json(value, decoding) {
    if (typeof value !== 'boolean') throw decoding.unexpected('true or false', value);
    return value;
  },
};

/** An enum or an unsigned integer of 32 bits. */
export const uint: Codec<number> = { protobuf: (reader) => reader.uint(), json: integer };

export const sint32: Codec<number> = { protobuf: (reader) => reader.sint32(), json: integer };

export const fixed64: Codec<number> = { protobuf: (reader) => reader.fixed64(), json: integer };

export const sfixed64: Codec<number> = { protobuf: (reader) => reader.sfixed64(), json: integer };

export const double: Codec<number> = {
  protobuf: (reader) => reader.double(),
  json(value, decoding) {
    if (typeof value === 'number') return value;
    // As JSON writes what it has no number for; some encoders quote all of them.
    if (typeof value === 'string' && /^(?:NaN|-?Infinity|-?\d[\d.eE+-]*)$/u.test(value)) return Number(value);
    throw decoding.unexpected('a number', value);
  },
};

/** A time in nanoseconds since 1970, as whole Unix ms; 0 when it was not given. */
export const nanosAsMs: Codec<number> = {
  protobuf: (reader) => reader.nanosAsMs(),
  json(value, decoding) {
    // Cut off as text: as a number it would be rounded, perhaps up into the next millisecond.
    if (typeof value === 'string' && /^\d{1,20}$/u.test(value)) return Number(value.slice(0, -6));
    return Math.floor(integer(value, decoding) / 1e6);
  },
};

/** The same time as Unix ms with a fraction, right to half a microsecond: for the difference of two. */
export const nanosAsFractionalMs: Codec<number> = {
  protobuf: (reader) => reader.fixed64() / 1e6,
  json: (value, decoding) => integer(value, decoding) / 1e6,
};

function integer(value: unknown, decoding: Decoding): number {
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  if (typeof value === 'string' && /^-?\d{1,20}$/u.test(value)) return Number(value);
  throw decoding.unexpected('a whole number', value);
}
