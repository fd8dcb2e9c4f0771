/** What requests of all signals share: the two encodings, who sent it, and how much is taken. */
import { ProtobufReader } from '../protobuf.ts';
import { attributes, type Attributes } from './attributes.ts';
import { Decoding, message, one, OtlpError, type MessageCodec } from './codec.ts';
import { string } from './scalars.ts';

export type OtlpEncoding = 'protobuf' | 'json';

/** What the samples or spans are about: a service, a process, a host. */
export interface OtlpResource {
  readonly attributes: Attributes;
}

/** The library that measured. */
export interface OtlpScope {
  readonly name: string;
  readonly version: string;
}

export const resource = message({ attributes: attributes(1) });
export const scope = message({ name: one(1, string, ''), version: one(2, string, '') });

export interface OtlpDecodeOptions {
  readonly encoding: OtlpEncoding;
  /** Most messages, attributes and list entries of a request, together: each costs some 100 bytes of memory. */
  readonly maxItems?: number;
}

const defaultMaxItems = 250_000;

/** @throws {OtlpError | ProtobufError} naming the place, for JSON */
export function decodeRequest<T>(
  codec: MessageCodec<T>,
  body: Uint8Array,
  { encoding, maxItems = defaultMaxItems }: OtlpDecodeOptions,
): T {
  const decoding = new Decoding(maxItems);
  if (encoding === 'protobuf') return codec.fields(new ProtobufReader(body), decoding);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(body));
  } catch (cause) {
    throw new OtlpError('otlp/json', `body: expected JSON, got ${body.byteLength} other bytes`, { cause });
  }
  return codec.json(value, decoding);
}
