/** Hot file: which series a message is of, without reading its labels again each time. */
import type { Labels } from '@tarsier/protocol';
import { toMetricName } from '@tarsier/protocol/formats';
import { ProtobufReader } from '@tarsier/protocol/protobuf';

/** A series by its labels; the name is the label `__name__`. */
export interface Identity {
  readonly name: string;
  /** Without the name. */
  readonly labels: Labels;
  /** The same whenever the same labels come. */
  readonly key: string;
}

export interface Identities {
  /** @returns why there is no such series, when there is none. Throws a ProtobufError when these are no labels */
  of(labels: Uint8Array): Identity | string;
}

/** Of labels as they came, for all senders together: some 150,000 series, in ten times that memory. */
const mostKeptBytes = 32 * 1024 * 1024;

/** A sender says the same bytes for a series in each request: decoding them costs ten times what a look-up does. */
export function createIdentities(): Identities {
  const kept = new Map<string, Identity>();
  let keptBytes = 0;
  return {
    of(bytes) {
      const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
      const known = kept.get(raw);
      if (known !== undefined) return known;
      const identity = identityOf(readLabels(bytes), raw);
      if (typeof identity === 'string') return identity;
      keptBytes += raw.length;
      if (keptBytes > mostKeptBytes) {
        kept.clear();
        keptBytes = raw.length;
      }
      kept.set(raw, identity);
      return identity;
    },
  };
}

/** @returns a sentence when these are no labels of a series */
export function identityOf(pairs: readonly (readonly [string, string])[], key: string): Identity | string {
  const labels = new Map(pairs);
  const name = labels.get('__name__') ?? '';
  if (name === '') return 'expected a series with the label __name__';
  if (labels.size < pairs.length) return `${name}: expected each label once`;
  labels.delete('__name__');
  // Not through an object literal: a label may be called __proto__.
  return { name: toMetricName(name), labels: Object.fromEntries(labels), key };
}

/** Messages of field 1; others between them are passed over. */
export function readLabels(bytes: Uint8Array): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  const reader = new ProtobufReader(bytes);
  while (reader.next()) {
    if (reader.field === 1) pairs.push(readLabel(reader.message()));
    else reader.skip();
  }
  return pairs;
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
