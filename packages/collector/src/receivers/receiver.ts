/** Samples of other systems become batches as an agent would make them, and take the same way from there. */
import {
  encodePayload,
  isMetricName,
  seriesSignature,
  TarsierError,
  type SampleMatrix,
  type UnixMs,
} from '@tarsier/protocol';
import { zstdCompress } from '@tarsier/protocol/zstd';
import type { Ingest } from '../ingest/ingest.ts';
import { noHost } from '../no-host.ts';
import type { TenantScope } from '../tenant.ts';
import { TooManySeriesError } from '../too-many-series.ts';
import type { ForeignSeries } from './foreign-series.ts';
import { HostColumns, type ColumnGroup } from './host-columns.ts';
import { hostOf, type HostMapping } from './host-of.ts';
import { storedLabels } from './stored-labels.ts';
import { sampleCount, toMatrices, withoutColumns, type ColumnSamples, type ReceivedMatrix } from './to-matrices.ts';

export interface ReceiveOptions {
  /** {@link noHost}: the series are stored with the labels that they have. */
  readonly hosts: HostMapping | typeof noHost;
  /** Older samples are left out; ms before now. */
  readonly maxAgeMs: number;
}

export interface Received {
  /** Samples that are committed now. */
  readonly stored: number;
  /** Samples that can't be stored, however often they are sent. */
  readonly rejected: number;
  /** Why the first of them was not; '' when none. */
  readonly reason: string;
}

export interface Receiver {
  /**
   * Resolves when all that can be stored is committed. The same samples may come again: they are stored once.
   *
   * @throws {TarsierError} retryable, as {@link Ingest.acceptMade} does: some of the samples may be stored then
   */
  take(scope: TenantScope, series: readonly ForeignSeries[], options: ReceiveOptions): Promise<Received>;
}

export interface ReceiverDeps {
  readonly ingest: Pick<Ingest, 'acceptMade'>;
  /** Longest span of a batch, ms. */
  readonly maxSpanMs: number;
  /** Newest sample that is taken, ms after now. */
  readonly maxFutureMs: number;
  readonly now: () => UnixMs;
}

/** A host that sent nothing for so long begins anew. */
const idleMs = 3_600_000;
const expireEveryMs = 60_000;
/** Two collectors may have begun in the same millisecond. */
const mostCollisions = 5;

/** What a host's batches are numbered by; all doors count together. */
interface HostStream {
  readonly columns: HostColumns;
  epoch: UnixMs;
  seq: number;
}

export function createReceiver({ ingest, maxSpanMs, maxFutureMs, now }: ReceiverDeps): Receiver {
  const streams = new Map<string, HostStream>();
  let lastEpoch = 0;
  let expiredAt = now();

  function nextEpoch(): UnixMs {
    lastEpoch = Math.max(now(), lastEpoch + 1);
    return lastEpoch;
  }

  function streamOf(scope: TenantScope, host: string): HostStream {
    const key = streamKey(scope, host);
    let stream = streams.get(key);
    if (stream === undefined) streams.set(key, (stream = { columns: new HostColumns(), epoch: nextEpoch(), seq: 0 }));
    return stream;
  }

  function expire(): void {
    if (now() - expiredAt < expireEveryMs) return;
    expiredAt = now();
    for (const [key, { columns }] of streams) if (!columns.expire(now() - idleMs)) streams.delete(key);
  }

  /** Stores what there is room for: one new series must not hold up those that are known. @returns the rest */
  async function storeKnown(
    scope: TenantScope,
    host: string,
    group: ColumnGroup,
    matrix: ReceivedMatrix,
    maxAgeMs: number,
  ): Promise<Pick<Received, 'rejected' | 'reason'>> {
    try {
      await store(scope, host, group, matrix, maxAgeMs);
      return { rejected: 0, reason: '' };
    } catch (error) {
      if (!(error instanceof TooManySeriesError)) throw error;
      const refused = new Set(error.refused);
      streamOf(scope, host).columns.refuse(group, refused, now());
      // The group may have grown since the matrix was made.
      const known = group.without(refused, matrix.width, now());
      const rest = withoutColumns(matrix, refused);
      const count = sampleCount(rest);
      const { rejected } = count === 0 ? { rejected: 0 } : await storeKnown(scope, host, known, rest, maxAgeMs);
      return { rejected: sampleCount(matrix) - count + rejected, reason: error.message };
    }
  }

  async function store(
    scope: TenantScope,
    host: string,
    group: ColumnGroup,
    matrix: SampleMatrix,
    maxAgeMs: number,
  ): Promise<void> {
    const { times } = matrix;
    const { bytes: schema, hash } = group.schema;
    const payload = encodePayload(matrix, zstdCompress);
    for (let attempt = 0; attempt < mostCollisions; attempt++) {
      const stream = streamOf(scope, host);
      const { epoch, seq } = { epoch: stream.epoch, seq: stream.seq++ };
      const [t0, t1] = [times[0] ?? 0, times[times.length - 1] ?? 0];
      const batch = { host, epoch, seq, schemaHash: hash, schema, t0, t1, rows: times.length, payload };
      const { duplicate } = await ingest.acceptMade(scope, batch, matrix, maxAgeMs);
      if (!duplicate) return;
      // This number was never used here: another collector has the same epoch.
      if (stream.epoch === epoch) Object.assign(stream, { epoch: nextEpoch() + attempt, seq: 0 });
    }
    throw new TarsierError('receive/epoch', `host ${host}: no free batch number was found`, { retryable: true });
  }

  return {
    async take(scope, series, { hosts, maxAgeMs }) {
      expire();
      const at = now();
      // With a little room, since admission looks again later.
      const oldest = at - maxAgeMs + 1_000;
      const newest = at + maxFutureMs;
      const byHost = new Map<string, Map<ColumnGroup, ColumnSamples[]>>();
      let stored = 0;
      let rejected = 0;
      let reason = '';
      const reject = (count: number, why: string): void => {
        if (rejected === 0 && count > 0) reason = why;
        rejected += count;
      };

      for (const one of series) {
        const { metric, labels, key, times } = one;
        const host = hosts === noHost ? noHost : hostOf(labels, hosts);
        if (host === undefined) {
          reject(times.length, `${metric.name}: expected samples of a host that this key may send for`);
          continue;
        }
        const { columns } = streamOf(scope, host);
        let place = columns.find(key);
        if (place === undefined) {
          if (columns.isRefused(key, at)) {
            reject(times.length, `${metric.name}: the tenant has as many series as it may`);
            continue;
          }
          const kept = storedLabels(labels, host === noHost ? 'label' : labels['host'] === host ? 'name' : 'other');
          const fault = isMetricName(metric.name) ? kept : `expected a metric name, got ${JSON.stringify(metric.name)}`;
          if (typeof fault === 'string') {
            reject(times.length, `${metric.name}: ${fault}`);
            continue;
          }
          place = columns.add(key, metric, fault, at);
        }
        const within = samplesWithin(one, oldest, newest);
        if (within !== one) reject(times.length - within.times.length, timeFault(one, oldest, newest));
        if (within.times.length === 0) continue;
        stored += within.times.length;
        place.group.usedAt = at;
        let groups = byHost.get(host);
        if (groups === undefined) byHost.set(host, (groups = new Map<ColumnGroup, ColumnSamples[]>()));
        const list = groups.get(place.group);
        const column = { column: place.column, times: within.times, values: within.values };
        if (list === undefined) groups.set(place.group, [column]);
        else list.push(column);
      }

      const storing: ReturnType<typeof storeKnown>[] = [];
      for (const [host, groups] of byHost) {
        for (const [group, samples] of groups) {
          for (const matrix of toMatrices(samples, group.width, maxSpanMs)) {
            storing.push(storeKnown(scope, host, group, matrix, maxAgeMs));
          }
        }
      }
      // All of them end before the answer, so that an error means what it says.
      const outcomes = await Promise.allSettled(storing);
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed !== undefined) {
        // Whatever it was that can't be stored: the next request must not meet it again.
        if (!(failed.reason instanceof TarsierError && failed.reason.retryable)) {
          for (const host of byHost.keys()) streams.delete(streamKey(scope, host));
        }
        throw failed.reason;
      }
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') continue;
        stored -= outcome.value.rejected;
        reject(outcome.value.rejected, outcome.value.reason);
      }
      return { stored, rejected, reason };
    },
  };
}

function streamKey({ tenantId }: TenantScope, host: string): string {
  return `${tenantId}/${host}`;
}

type Samples = Pick<ForeignSeries, 'times' | 'values'>;

function isWithin(time: number, oldest: UnixMs, newest: UnixMs): boolean {
  return Number.isInteger(time) && time >= oldest && time <= newest;
}

/** Those that are neither too old nor in the future; all of them as they are, if they are. */
function samplesWithin(samples: Samples, oldest: UnixMs, newest: UnixMs): Samples {
  const { times, values } = samples;
  let right = 0;
  while (right < times.length && isWithin(times[right] ?? 0, oldest, newest)) right++;
  if (right === times.length) return samples;
  const indexes = Array.from(times, (_, index) => index).filter((index) => isWithin(times[index] ?? 0, oldest, newest));
  const kept = new Float64Array(indexes.length);
  for (const [to, from] of indexes.entries()) kept.set(values.subarray(from, from + 1), to);
  return { times: indexes.map((index) => times[index] ?? 0), values: kept };
}

function timeFault({ metric, labels, times }: ForeignSeries, oldest: UnixMs, newest: UnixMs): string {
  const time = Array.from(times).find((one) => !isWithin(one, oldest, newest));
  if (time === undefined) return '';
  const series = seriesSignature({ name: metric.name, labels });
  return `${series}: expected a time from ${iso(oldest)} to ${iso(newest)}, got ${iso(time)}`;
}

function iso(time: UnixMs): string {
  return Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : String(time);
}
