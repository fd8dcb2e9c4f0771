/** What travels on `/v1/live`: JSON for control, binary frames for samples. No dependencies: it runs in the page. */
import type { Alert, Anomaly } from './alert.ts';
import type { AnomalyEvent } from './anomaly-event.ts';
import type { IncidentAction } from './api/incidents.ts';
import type { Model } from './api/models.ts';
import { BatchError, ByteReader, ByteWriter } from './bytes.ts';
import { decodeColumn, decodeTimes, encodeColumn, encodeTimes } from './column.ts';
import type { ErrorBody } from './errors.ts';
import type { Incident } from './incident.ts';
import type { Job, JobProgress, JobWaiting } from './job.ts';
import type { Labels } from './labels.ts';
import type { MetricKind } from './metric.ts';
import type { UnixMs } from './sample.ts';

/**
 * From the client, as JSON text. `hello` comes first, and again with a newer token; `id` is the client's own number of a
 * subscription or an action.
 */
export type LiveRequest =
  | { readonly type: 'hello'; readonly token?: string }
  /** @param since  what it has already: where nothing is missing after that, only what is newer comes, without a snap */
  | {
      readonly type: 'sub';
      readonly id: number;
      readonly selector: string;
      readonly windowMs: number;
      readonly since?: UnixMs;
    }
  | { readonly type: 'unsub'; readonly id: number }
  /** Alerts, incidents, anomalies and their events: they come unless they are not wanted. */
  | { readonly type: 'alerts'; readonly which: 'all' | 'none' }
  /**
   * The tenant's jobs as they change: all of them, none any more, or one with its events (after a number, to go on);
   * with `others` the others as well, without theirs.
   */
  | {
      readonly type: 'jobs';
      readonly which: 'all' | 'none' | { readonly job: string; readonly after?: number; readonly others?: boolean };
    }
  /** What jobs have learnt, as it is saved, promoted, gone back from and deleted. */
  | { readonly type: 'models'; readonly which: 'all' | 'none' }
  /** What a person does about an incident: acknowledge, feedback, ...; for those who may over the REST API. */
  | { readonly type: 'act'; readonly id: number; readonly incident: string; readonly action: IncidentAction }
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

/** From the collector, as JSON text. */
export type LiveMessage =
  | { readonly type: 'welcome'; readonly now: UnixMs; readonly tenant: string }
  | { readonly type: 'series'; readonly id: number; readonly series: readonly LiveSeries[] }
  | { readonly type: 'gap'; readonly id: number; readonly from: UnixMs; readonly to: UnixMs }
  | { readonly type: 'alert'; readonly alert: Alert }
  /** As it is now: opened, acknowledged, judged, resolved. */
  | { readonly type: 'incident'; readonly incident: Incident }
  | { readonly type: 'anomaly'; readonly anomaly: Anomaly }
  | { readonly type: 'anomaly-event'; readonly event: AnomalyEvent }
  /**
   * A job that has changed, without its result where that is large: it is read over the REST API. One that waits says
   * why, how many go first and when it should start; one that is followed alone whenever that changes.
   */
  | { readonly type: 'job'; readonly job: Job; readonly waiting?: JobWaiting }
  /** Every point of the curves of a job that is followed alone, numbered as among its events. */
  | {
      readonly type: 'job-progress';
      readonly job: string;
      readonly number: number;
      readonly at: UnixMs;
      readonly progress: JobProgress;
    }
  /** All versions of a model that has changed, newest first. */
  | { readonly type: 'models'; readonly name: string; readonly versions: readonly Model[] }
  /** The action of that number is done. */
  | { readonly type: 'acted'; readonly id: number; readonly incident: Incident }
  | { readonly type: 'pong'; readonly at: number; readonly now: UnixMs }
  /** @param id  of the subscription or action that it is about */
  | { readonly type: 'error'; readonly id?: number; readonly error: ErrorBody['error'] };

/**
 * From the collector, as bytes: raw samples (counters raw; who shows them derives the rate), grouped by shared times.
 * A `snap` replaces what the client holds of the subscription, a `delta` adds to it: mostly what is newer, after an
 * agent's outage also what is older.
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

export function encodeLiveFrame({ kind, id, groups }: LiveFrame): Uint8Array {
  return frameOf(kind, id, encodeLiveGroups(groups));
}

/** A frame of groups that were encoded before: they are the same for all who show the same. */
export function frameOf(kind: LiveFrame['kind'], id: number, groups: Uint8Array): Uint8Array {
  const header = new ByteWriter();
  header.byte(frameKinds.indexOf(kind));
  header.varint(id);
  const head = header.view();
  const frame = new Uint8Array(head.length + groups.length);
  frame.set(head);
  frame.set(groups, head.length);
  return frame;
}

export function encodeLiveGroups(groups: LiveFrame['groups']): Uint8Array {
  const writer = new ByteWriter();
  writer.varint(groups.length);
  for (const { times, columns } of groups) {
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
