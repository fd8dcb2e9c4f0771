/** What travels on `/v1/live`: JSON for control, binary frames for samples. No dependencies: it runs in the page. */
import type { Alert, Anomaly } from './alert.ts';
import type { AnomalyEvent } from './anomaly-event.ts';
import { BatchError, ByteReader, ByteWriter } from './bytes.ts';
import { decodeColumn, decodeTimes, encodeColumn, encodeTimes } from './column.ts';
import type { ErrorBody } from './errors.ts';
import type { Job, JobProgress } from './job.ts';
import type { Labels } from './labels.ts';
import type { MetricKind } from './metric.ts';
import type { UnixMs } from './sample.ts';

/** From the client, as JSON text. `hello` comes first; `id` is the client's own number of a subscription. */
export type LiveRequest =
  | { readonly type: 'hello'; readonly token?: string }
  | { readonly type: 'sub'; readonly id: number; readonly selector: string; readonly windowMs: number }
  | { readonly type: 'unsub'; readonly id: number }
  /** The tenant's jobs as they change: all of them, one, or none any more. */
  | { readonly type: 'jobs'; readonly which: 'all' | 'none' | { readonly job: string } }
  | { readonly type: 'ping'; readonly at: number };

/** A series of a subscription; frames name it by `ref`. */
export interface LiveSeries {
  readonly ref: number;
  readonly name: string;
  /** `host` included. */
  readonly labels: Labels;
  readonly kind: MetricKind;
  readonly unit: string;
}

/** From the collector, as JSON text. Alerts, anomalies and their events of the tenant come unasked after `welcome`. */
export type LiveMessage =
  | { readonly type: 'welcome'; readonly now: UnixMs; readonly tenant: string }
  | { readonly type: 'series'; readonly id: number; readonly series: readonly LiveSeries[] }
  | { readonly type: 'gap'; readonly id: number; readonly from: UnixMs; readonly to: UnixMs }
  | { readonly type: 'alert'; readonly alert: Alert }
  | { readonly type: 'anomaly'; readonly anomaly: Anomaly }
  | { readonly type: 'anomaly-event'; readonly event: AnomalyEvent }
  /** A job that has changed, without its result where that is large: it is read over the REST API. */
  | { readonly type: 'job'; readonly job: Job }
  /** Every point of the curves of a job that is followed alone, numbered as among its events. */
  | {
      readonly type: 'job-progress';
      readonly job: string;
      readonly number: number;
      readonly at: UnixMs;
      readonly progress: JobProgress;
    }
  | { readonly type: 'pong'; readonly at: number; readonly now: UnixMs }
  | { readonly type: 'error'; readonly id?: number; readonly error: ErrorBody['error'] };

/**
 * From the collector, as bytes: raw samples (counters raw; who shows them derives the rate), grouped by shared times.
 * A `snap` replaces what the client holds of the subscription, a `delta` follows it.
 */
export interface LiveFrame {
  readonly kind: 'snap' | 'delta';
  readonly id: number;
  readonly groups: readonly LiveGroup[];
}

export interface LiveGroup {
  /** Unix ms, strictly ascending. */
  readonly times: Float64Array;
  /** `values` as long as `times`; NaN where there is no sample. */
  readonly columns: readonly { readonly ref: number; readonly values: Float64Array }[];
}

const frameKinds = ['snap', 'delta'] as const;

/** Most rows of a group and columns of a frame: what a live window can hold, with room. */
const frameLimits = { rows: 10_000, groups: 10_000, columns: 100_000, samples: 4_000_000 } as const;

export function encodeLiveFrame(frame: LiveFrame): Uint8Array {
  const writer = new ByteWriter();
  writer.byte(frameKinds.indexOf(frame.kind));
  writer.varint(frame.id);
  writer.varint(frame.groups.length);
  for (const { times, columns } of frame.groups) {
    writer.varint(times.length);
    encodeTimes(times, writer);
    writer.varint(columns.length);
    for (const { ref, values } of columns) {
      writer.varint(ref);
      encodeColumn(values, presenceOf(values), writer);
    }
  }
  return writer.view().slice();
}

/** @throws {BatchError} `live/frame`, or a `batch/…` of the column codec */
export function decodeLiveFrame(bytes: Uint8Array): LiveFrame {
  const reader = new ByteReader(bytes);
  const kind = frameKinds[reader.byte()];
  if (kind === undefined) throw new BatchError('live/frame', `frame: expected snap or delta, got byte ${bytes[0]}`);
  const id = reader.varint();
  let samples = 0;
  const groups = Array.from({ length: bounded('groups', reader.varint(), frameLimits.groups) }, () => {
    const rows = bounded('rows', reader.varint(), frameLimits.rows);
    const times = decodeTimes(reader, rows);
    const columns = Array.from({ length: bounded('columns', reader.varint(), frameLimits.columns) }, () => {
      samples = bounded('samples', samples + rows, frameLimits.samples);
      const ref = reader.varint();
      const values = new Float64Array(rows);
      decodeColumn(reader, values, () => new Uint8Array(rows).fill(1));
      return { ref, values };
    });
    return { times, columns };
  });
  reader.end();
  return { kind, id, groups };
}

function presenceOf(values: Float64Array): Uint8Array | undefined {
  if (!values.some(Number.isNaN)) return undefined;
  return Uint8Array.from(values, (value) => (Number.isNaN(value) ? 0 : 1));
}

function bounded(what: string, count: number, most: number): number {
  if (count > most) throw new BatchError('live/frame', `${what}: expected at most ${most}, got ${count}`);
  return count;
}
