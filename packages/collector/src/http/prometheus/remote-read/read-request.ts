/** What a Prometheus asks by remote_read. https://prometheus.io/docs/prometheus/latest/querying/remote_read_api/ */
import { TarsierError, type UnixMs } from '@tarsier/protocol';
import { ProtobufReader } from '@tarsier/protocol/protobuf';
import type { Matcher } from '../../../query/language/ast.ts';
import { invalid } from '../parameters.ts';

export interface ReadQuery {
  readonly from: UnixMs;
  /** Included. */
  readonly to: UnixMs;
  readonly matchers: readonly Matcher[];
}

export interface ReadRequest {
  readonly queries: readonly ReadQuery[];
  /** Whether it takes chunks as they are read; else it wants samples, all in one message. */
  readonly streams: boolean;
}

/** A Prometheus sends one; its protocol allows for more. */
const mostQueries = 100;
const mostMatchers = 100;
const operators = ['=', '!=', '=~', '!~'] as const;
/** `STREAMED_XOR_CHUNKS` of `ReadRequest.ResponseType`. */
const streamedChunks = 1;

/** @throws {ProtobufError} when it is no such message; {TarsierError} `query/parameter` */
export function decodeReadRequest(body: Uint8Array): ReadRequest {
  const reader = new ProtobufReader(body);
  const queries: ReadQuery[] = [];
  const accepted: number[] = [];
  while (reader.next()) {
    if (reader.field === 1) {
      if (queries.length === mostQueries) throw invalid('queries', `expected at most ${mostQueries}`);
      queries.push(readQuery(reader.message()));
    } else if (reader.field === 2) {
      if (reader.isLengthDelimited) {
        const packed = reader.message();
        while (!packed.isAtEnd) accepted.push(packed.packedUint());
      } else accepted.push(reader.uint());
    } else reader.skip();
  }
  // The first that we know: they come in the order of preference, and without any it is samples.
  const [preferred] = accepted.filter((type) => type <= streamedChunks);
  if (accepted.length > 0 && preferred === undefined) {
    throw invalid('accepted_response_types', `expected 0 (samples) or 1 (chunks), got ${accepted.join(', ')}`);
  }
  return { queries, streams: preferred === streamedChunks };
}

function readQuery(reader: ProtobufReader): ReadQuery {
  let [from, to] = [0, 0];
  const matchers: Matcher[] = [];
  while (reader.next()) {
    if (reader.field === 1) from = reader.int();
    else if (reader.field === 2) to = reader.int();
    else if (reader.field === 3) {
      if (matchers.length === mostMatchers) throw invalid('matchers', `expected at most ${mostMatchers}`);
      matchers.push(readMatcher(reader.message()));
    } else reader.skip();
  }
  if (from > to) throw invalid('end_timestamp_ms', 'end timestamp must not be before start time');
  return { from, to, matchers };
}

function readMatcher(reader: ProtobufReader): Matcher {
  let type = 0;
  let label = '';
  let value = '';
  while (reader.next()) {
    if (reader.field === 1) type = reader.uint();
    else if (reader.field === 2) label = reader.string();
    else if (reader.field === 3) value = reader.string();
    else reader.skip();
  }
  const op = operators[type];
  if (op === undefined) throw invalid('matchers', `expected a type of 0 to 3, got ${type}`);
  return { label, op, value };
}

/** What a request that is not packed as it should be is told. */
export function notAReadRequest(cause: TarsierError): TarsierError {
  return new TarsierError(
    'query/parameter',
    `body: expected a ReadRequest in Snappy's block format: ${cause.message}`,
    {
      field: 'body',
      cause,
    },
  );
}
