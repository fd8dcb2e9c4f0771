/** Hot file: what comes by remote_write 1.0, as series. https://prometheus.io/docs/specs/prw/remote_write_spec/ */
import { toMetricName, type Families } from '@tarsier/protocol/formats';
import { ProtobufReader } from '@tarsier/protocol/protobuf';
import type { ForeignSeries } from '../foreign-series.ts';
import { identityOf, readLabels, type Identities, type Identity } from './identities.ts';
import { familyTypeOf } from './metadata.ts';
import { SampleColumns } from './sample-columns.ts';

export interface WriteRequest {
  readonly series: readonly ForeignSeries[];
  /** Samples that can't be taken, whatever they hold. */
  readonly rejected: number;
  /** Why the first of them can't. */
  readonly reason: string;
}

/** What the door remembers between requests. */
export interface SenderMemory {
  /** What the tenant said of metrics before; learns what each request says. */
  readonly metadata: Families;
  /** Of all tenants: labels are the same whoever sends them. */
  readonly identities: Identities;
}

/** @throws {ProtobufError} when it is no such message */
export function decodeWriteRequest(body: Uint8Array, memory: SenderMemory): WriteRequest {
  const reader = new ProtobufReader(body);
  const series: ForeignSeries[] = [];
  const faults = createFaults();
  while (reader.next()) {
    if (reader.field === 1) readTimeSeries(reader.bytes(), memory, series, faults);
    else if (reader.field === 3) readMetadata(reader.message(), memory.metadata);
    else reader.skip();
  }
  return { series, rejected: faults.count, reason: faults.reason };
}

function readTimeSeries(
  bytes: Uint8Array,
  { metadata, identities }: SenderMemory,
  series: ForeignSeries[],
  faults: Faults,
): void {
  const labelsEnd = endOfLabels(bytes);
  const reader = new ProtobufReader(bytes, labelsEnd);
  const samples = new SampleColumns();
  let areFirst = true;
  while (reader.next()) {
    if (reader.field === 2) samples.read(reader.message());
    else {
      if (reader.field === 1) areFirst = false;
      else if (reader.field === 4) faults.add(1, 'native histograms are not taken');
      reader.skip();
    }
  }
  // Senders put labels first, but none has to.
  const identity = areFirst
    ? identities.of(bytes.subarray(0, labelsEnd))
    : identityOf(readLabels(bytes), Buffer.from(bytes).toString('latin1'));
  if (samples.length === 0) return;
  if (typeof identity === 'string') faults.add(samples.length, identity);
  else series.push(foreignSeries(identity, samples, metadata));
}

export function foreignSeries(
  { name, labels, key }: Identity,
  samples: SampleColumns,
  metadata: Families,
): ForeignSeries {
  return { metric: metadata.metricOf(name), labels, key, ...samples.columns() };
}

/** Where the labels at the beginning end: messages of field 1. */
function endOfLabels(bytes: Uint8Array): number {
  const reader = new ProtobufReader(bytes);
  let end = 0;
  while (reader.next() && reader.field === 1) {
    reader.skip();
    end = reader.offset;
  }
  return end;
}

function readMetadata(reader: ProtobufReader, metadata: Families): void {
  let type = 0;
  let name = '';
  let help = '';
  let unit = '';
  while (reader.next()) {
    if (reader.field === 1) type = reader.uint();
    else if (reader.field === 2) name = reader.string();
    else if (reader.field === 4) help = reader.string();
    else if (reader.field === 5) unit = reader.string();
    else reader.skip();
  }
  const family = toMetricName(name);
  metadata.type(family, familyTypeOf(type));
  metadata.help(family, help);
  metadata.unit(family, unit);
}

export interface Faults {
  add(count: number, reason: string): void;
  readonly count: number;
  /** Of the first; '' when there is none. */
  readonly reason: string;
}

export function createFaults(): Faults {
  let count = 0;
  let reason = '';
  return {
    add(more, why) {
      if (count === 0) reason = why;
      count += more;
    },
    get count() {
      return count;
    },
    get reason() {
      return reason;
    },
  };
}
