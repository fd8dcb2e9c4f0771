/** Messages as tables of fields, each read from Protocol Buffers and from JSON: what OTLP says is the same in both. */
import { describeValue, TarsierError } from '../errors.ts';
import type { ProtobufReader } from '../protobuf.ts';

/** An OTLP request that is not as the specification says. `code` is `otlp/…`; never worth a retry. */
export class OtlpError extends TarsierError {}

/** One request being decoded: how much it may still ask for, and where it is in the JSON. */
export class Decoding {
  readonly path: (string | number)[] = [];
  #itemsLeft: number;
  readonly #maxItems: number;

  /** @param maxItems  most messages, attributes and numbers of lists, together: what decoding allocates */
  constructor(maxItems: number) {
    this.#maxItems = maxItems;
    this.#itemsLeft = maxItems;
  }

  /** To be called before something is allocated. @throws {OtlpError} `otlp/too-large` */
  take(): void {
    if (--this.#itemsLeft >= 0) return;
    throw new OtlpError('otlp/too-large', `expected at most ${this.#maxItems} messages, attributes and list entries`);
  }

  /** An error at the place in the JSON that is being read. */
  unexpected(expected: string, value: unknown): OtlpError {
    const field = this.path.reduce<string>(
      (at, step) => (typeof step === 'number' ? `${at}[${step}]` : at === '' ? step : `${at}.${step}`),
      '',
    );
    return new OtlpError('otlp/field', `${field || 'body'}: expected ${expected}, got ${describeValue(value)}`, {
      field,
    });
  }
}

/** How a value is read in either encoding. */
export interface Codec<T> {
  protobuf(reader: ProtobufReader, decoding: Decoding): T;
  /** @param value  neither undefined nor null */
  json(value: unknown, decoding: Decoding): T;
}

/** A field of a message; `before` is what the field held so far. */
export interface Field<T> {
  readonly number: number;
  /** Its name in JSON, where that is not its name here. */
  readonly jsonName?: string;
  empty(): T;
  protobuf(reader: ProtobufReader, decoding: Decoding, before: T): T;
  json(value: unknown, decoding: Decoding): T;
}

/** A field with a default, as in proto3. */
export function one<T>(number: number, codec: Codec<T>, fallback: T): Field<T> {
  return { number, empty: () => fallback, ...codec };
}

/** A field that tells whether it was set. */
export function optional<T>(number: number, codec: Codec<T>): Field<T | undefined> {
  return { number, empty: () => undefined, ...codec };
}

/** A field that is called otherwise here than in JSON. */
export function renamed<T>(jsonName: string, field: Field<T>): Field<T> {
  return { ...field, jsonName };
}

/** @param packed  reads one of several numbers that are packed together */
export function many<T>(number: number, codec: Codec<T>, packed?: (reader: ProtobufReader) => T): Field<T[]> {
  return {
    number,
    empty: () => [],
    protobuf(reader, decoding, before) {
      if (packed === undefined || !reader.isLengthDelimited) {
        decoding.take();
        before.push(codec.protobuf(reader, decoding));
        return before;
      }
      const numbers = reader.message();
      while (!numbers.isAtEnd) {
        decoding.take();
        before.push(packed(numbers));
      }
      return before;
    },
    json(value, decoding) {
      if (!Array.isArray(value)) throw decoding.unexpected('an array', value);
      return value.map((item: unknown, index) => {
        decoding.take();
        decoding.path.push(index);
        if (item === undefined || item === null) throw decoding.unexpected('a value', item);
        const read = codec.json(item, decoding);
        decoding.path.pop();
        return read;
      });
    },
  };
}

export type MessageOf<Fields> = { readonly [Name in keyof Fields]: Fields[Name] extends Field<infer T> ? T : never };

export interface MessageCodec<T> extends Codec<T> {
  /** Reads the whole of `reader` as this message. */
  fields(reader: ProtobufReader, decoding: Decoding): T;
}

/** @param fields  by their names; fields that are not among them are passed over */
export function message<Fields extends Readonly<Record<string, Field<unknown>>>>(
  fields: Fields,
): MessageCodec<MessageOf<Fields>> {
  const entries = Object.entries(fields);
  const byNumber = new Map(entries.map(([name, field]) => [field.number, { name, field }]));
  const empty = (): Record<string, unknown> =>
    Object.fromEntries(entries.map(([name, field]) => [name, field.empty()]));
  const codec: MessageCodec<Record<string, unknown>> = {
    protobuf: (reader, decoding) => codec.fields(reader.message(), decoding),
    fields(reader, decoding) {
      const result = empty();
      while (reader.next()) {
        const known = byNumber.get(reader.field);
        if (known === undefined) reader.skip();
        else result[known.name] = known.field.protobuf(reader, decoding, result[known.name]);
      }
      return result;
    },
    json(value, decoding) {
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        throw decoding.unexpected('an object', value);
      const result = empty();
      for (const [name, field] of entries) {
        const given: unknown = Reflect.get(value, field.jsonName ?? name);
        if (given === undefined || given === null) continue;
        decoding.path.push(field.jsonName ?? name);
        result[name] = field.json(given, decoding);
        decoding.path.pop();
      }
      return result;
    },
  };
  // The fields were read each by its own codec, under its own name.
  return codec as MessageCodec<MessageOf<Fields>>;
}
