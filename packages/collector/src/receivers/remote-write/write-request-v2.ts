/** Hot file: what comes by remote_write 2.0. https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/ */
import { TarsierError } from '@tarsier/protocol';
import { toMetricName, type Families } from '@tarsier/protocol/formats';
import { ProtobufReader } from '@tarsier/protocol/protobuf';
import type { ForeignSeries } from '../foreign-series.ts';
import { identityOf } from './identities.ts';
import { familyTypeOf } from './metadata.ts';
import { SampleColumns } from './sample-columns.ts';
import { createFaults, foreignSeries, type Faults, type SenderMemory, type WriteRequest } from './write-request.ts';

/**
 * @throws {ProtobufError} when it is no such message; {TarsierError} `remote-write/symbols` when it names strings that
 *   are not there
 */
export function decodeWriteRequestV2(body: Uint8Array, { metadata }: Pick<SenderMemory, 'metadata'>): WriteRequest {
  const symbols: string[] = [];
  const reader = new ProtobufReader(body);
  const messages: ProtobufReader[] = [];
  while (reader.next()) {
    if (reader.field === 4) symbols.push(reader.string());
    // Symbols may come after the series that name them.
    else if (reader.field === 5) messages.push(reader.message());
    else reader.skip();
  }
  if (symbols.length > 0 && symbols[0] !== '') {
    throw new TarsierError('remote-write/symbols', 'symbols[0]: expected the empty string', { field: 'symbols' });
  }
  const series: ForeignSeries[] = [];
  const faults = createFaults();
  for (const [index, message] of messages.entries()) {
    readTimeSeries(message, { index, symbols, metadata, series, faults });
  }
  return { series, rejected: faults.count, reason: faults.reason };
}

interface Context {
  readonly index: number;
  readonly symbols: readonly string[];
  readonly metadata: Families;
  readonly series: ForeignSeries[];
  readonly faults: Faults;
}

function readTimeSeries(reader: ProtobufReader, context: Context): void {
  const { index, symbols, metadata, series, faults } = context;
  const references: number[] = [];
  const samples = new SampleColumns();
  let described: Metadata | undefined;
  while (reader.next()) {
    if (reader.field === 1) readReferences(reader, references);
    else if (reader.field === 2) samples.read(reader.message());
    else if (reader.field === 3) {
      faults.add(1, 'native histograms are not taken');
      reader.skip();
    } else if (reader.field === 5) described = readMetadata(reader.message());
    else reader.skip();
  }
  const symbol = (reference: number): string => {
    const text = symbols[reference];
    if (text !== undefined) return text;
    const what = `timeseries[${index}]: expected references below ${symbols.length}, got ${reference}`;
    throw new TarsierError('remote-write/symbols', what, { field: 'timeseries' });
  };
  if (references.length % 2 !== 0) {
    const what = `timeseries[${index}].labels_refs: expected pairs, got ${references.length} references`;
    throw new TarsierError('remote-write/symbols', what, { field: 'timeseries' });
  }
  const pairs: [string, string][] = [];
  for (let at = 0; at < references.length; at += 2) {
    pairs.push([symbol(references[at] ?? 0), symbol(references[at + 1] ?? 0)]);
  }
  if (described !== undefined) {
    const { type, helpReference, unitReference } = described;
    describe(pairs, familyTypeOf(type), symbol(helpReference), symbol(unitReference), metadata);
  }
  if (samples.length === 0) return;
  const identity = identityOf(pairs, JSON.stringify(pairs));
  if (typeof identity === 'string') faults.add(samples.length, identity);
  else series.push(foreignSeries(identity, samples, metadata));
}

/** What is said of a series is said of its family. */
function describe(
  pairs: readonly (readonly [string, string])[],
  type: ReturnType<typeof familyTypeOf>,
  help: string,
  unit: string,
  metadata: Families,
): void {
  const name = toMetricName(pairs.find(([label]) => label === '__name__')?.[1] ?? '');
  const isDistribution = type === 'histogram' || type === 'gaugehistogram' || type === 'summary';
  const family = isDistribution ? name.replace(/_(?:bucket|g?count|g?sum|created)$/u, '') : name;
  metadata.type(family, type);
  metadata.help(family, help);
  metadata.unit(family, unit);
}

/** Packed, as they should be, or one by one, as they may be. */
function readReferences(reader: ProtobufReader, references: number[]): void {
  if (!reader.isLengthDelimited) {
    references.push(reader.uint());
    return;
  }
  const packed = reader.message();
  while (!packed.isAtEnd) references.push(packed.packedUint());
}

interface Metadata {
  readonly type: number;
  readonly helpReference: number;
  readonly unitReference: number;
}

function readMetadata(reader: ProtobufReader): Metadata {
  let type = 0;
  let helpReference = 0;
  let unitReference = 0;
  while (reader.next()) {
    if (reader.field === 1) type = reader.uint();
    else if (reader.field === 3) helpReference = reader.uint();
    else if (reader.field === 4) unitReference = reader.uint();
    else reader.skip();
  }
  return { type, helpReference, unitReference };
}
