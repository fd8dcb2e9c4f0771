import { encodeEnvelope, encodePayload, encodeSchema, type Labels } from '@tarsier/protocol';
import { schemaHash, zstdCompress } from '@tarsier/protocol/zstd';

export const fleetMetric = 'app_errors_ratio';
/** A kind that fails is above, one that does not is below. */
export const failsAbove = 0.5;

/** What a host with so many series has: one for each kind, with the labels of all. */
export function fleetSchema(kinds: number, labels: Labels): Uint8Array {
  return encodeSchema({
    metrics: [{ name: fleetMetric, kind: 'gauge', unit: 'ratio', help: '' }],
    series: Array.from({ length: kinds }, (_, kind) => ({ metric: 0, labels: { ...labels, kind: String(kind) } })),
  });
}

/** One sample of each kind, as an agent sends it. */
export function sampleBatch(
  { host, seq, at }: { readonly host: string; readonly seq: number; readonly at: number },
  schema: Uint8Array,
  fails: readonly boolean[],
): Uint8Array {
  const values = Float64Array.from(fails, (bad) => (bad ? 0.9 : 0.1));
  return encodeEnvelope({
    host,
    epoch: 1,
    seq,
    schemaHash: schemaHash(schema),
    schema,
    t0: at,
    t1: at,
    rows: 1,
    payload: encodePayload({ times: Float64Array.of(at), width: fails.length, values }, zstdCompress),
  });
}
