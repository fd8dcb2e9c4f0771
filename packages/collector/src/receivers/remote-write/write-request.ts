/** Hot file: what comes by remote_write 1.0, as series. https://prometheus.io/docs/specs/prw/remote_write_spec/ */
import type { Labels } from '@tarsier/protocol';
import { toMetricName, type Families } from '@tarsier/protocol/formats';
import { ProtobufReader } from '@tarsier/protocol/protobuf';
import type { ForeignSeries } from '../foreign-series.ts';
import { familyTypeOf } from './metadata.ts';
import { SampleColumns } from './sample-columns.ts';

export interface WriteRequest {
  readonly series: readonly ForeignSeries[];
  /** Samples that can't be taken, whatever they hold. */
  readonly rejected: number;
  /** Why the first of them can't. */
  readonly reason: string;
}

/**
 * @param metadata  what was said of metrics before; learns what this request says
 * @throws {ProtobufError} when it is no such message
 */
export function decodeWriteRequest(body: Uint8Array, metadata: Families): WriteRequest {
  const reader = new ProtobufReader(body);
  const series: ForeignSeries[] = [];
  const faults = createFaults();
  while (reader.next()) {
    if (reader.field === 1) readTimeSeries(reader.message(), metadata, series, faults);
    else if (reader.field === 3) readMetadata(reader.message(), metadata);
    else reader.skip();
  }
  return { series, rejected: faults.count, reason: faults.reason };
}

function readTimeSeries(reader: ProtobufReader, metadata: Families, series: ForeignSeries[], faults: Faults): void {
  const pairs: [string, string][] = [];
  const samples = new SampleColumns();
  while (reader.next()) {
    if (reader.field === 1) pairs.push(readLabel(reader.message()));
    else if (reader.field === 2) samples.read(reader.message());
    else if (reader.field === 4) {
      faults.add(1, 'native histograms are not taken');
      reader.skip();
    } else reader.skip();
  }
  if (samples.length > 0) addSeries(pairs, samples, metadata, series, faults);
}

/** The name is the label `__name__`. */
export function addSeries(
  pairs: readonly (readonly [string, string])[],
  samples: SampleColumns,
  metadata: Families,
  series: ForeignSeries[],
  faults: Faults,
): void {
  const labels = new Map(pairs);
  const name = labels.get('__name__') ?? '';
  labels.delete('__name__');
  if (name === '') faults.add(samples.length, 'expected a series with the label __name__');
  else if (labels.size + 1 < pairs.length) faults.add(samples.length, `${name}: expected each label once`);
  else {
    // Not through an object literal: a label may be called __proto__.
    const own: Labels = Object.fromEntries(labels);
    series.push({ metric: metadata.metricOf(toMetricName(name)), labels: own, ...samples.columns() });
  }
}

function readLabel(reader: ProtobufReader): [name: string, value: string] {
  let name = '';
  let value = '';
  while (reader.next()) {
    if (reader.field === 1) name = reader.string();
    else if (reader.field === 2) value = reader.string();
    else reader.skip();
  }
  return [name, value];
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
