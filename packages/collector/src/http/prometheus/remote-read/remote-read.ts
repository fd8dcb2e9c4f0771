/** Prometheus's remote_read: raw samples of selectors, for a Prometheus that evaluates by itself. */
import { describeError, TarsierError, type UnixMs } from '@tarsier/protocol';
import { ByteWriter } from '@tarsier/protocol/chunk';
import { ProtobufError } from '@tarsier/protocol/protobuf';
import { Hono, type Context } from 'hono';
import type { Log } from '../../../log.ts';
import { startDeadline, type Deadline } from '../../../query/deadline.ts';
import type { Engine } from '../../../query/engine.ts';
import type { Exporter } from '../../../query/export.ts';
import { LabelSet } from '../../../query/label-set.ts';
import { longestSpanMs } from '../../../query/query.ts';
import { compileTests } from '../../../query/selector.ts';
import { snappyCompress, snappyDecompress } from '../../../receivers/remote-write/snappy.ts';
import { dayMs } from '../../../storage/hours.ts';
import type { SeriesRow } from '../../../storage/series-catalog.ts';
import type { TenantScope } from '../../../tenant.ts';
import type { UsageMeter } from '../../../usage-meter.ts';
import type { AppEnv } from '../../app-env.ts';
import { readBody } from '../../body.ts';
import { clientGone } from '../../client-gone.ts';
import { streamBody } from '../../stream-body.ts';
import { invalid } from '../parameters.ts';
import { decodeReadRequest, notAReadRequest, type ReadQuery } from './read-request.ts';
import { chunkFrames, readResponse, writeTimeSeries } from './read-response.ts';

export interface RemoteReadDeps {
  readonly engine: Pick<Engine, 'limitsOf'>;
  readonly exporter: Exporter;
  readonly usageMeter: Pick<UsageMeter, 'query'>;
  readonly log: Log;
  readonly now: () => UnixMs;
}

/** A request names selectors: it is short. */
const most = { bodyBytes: 256 * 1024, unpackedBytes: 2 ** 20 } as const;
/** Of an answer that is one message, and so is whole in memory: 90 MB. Chunks are sent as they are read. */
const mostInMessage = 5_000_000;

/** What a query found, and what counts for all queries of the request. */
interface Found extends ReadQuery {
  readonly series: readonly SeriesRow[];
}

interface Reading {
  readonly tenant: TenantScope;
  readonly found: readonly Found[];
  /** How many samples may be read, and have been. */
  readonly mostSamples: number;
  samples: number;
  /** Of this thread. */
  cpuMs: number;
  readonly deadline: Deadline;
  readonly timeoutMs: number;
}

export function remoteReadRoutes({ engine, exporter, usageMeter, log, now }: RemoteReadDeps): Hono<AppEnv> {
  /** Their samples, a few series at a time, in order of labels. @throws {TarsierError} `query/…` */
  async function* read(reading: Reading, { series, from, to }: Found) {
    const { signal } = reading.deadline;
    try {
      for await (const found of exporter.samples(reading.tenant, { series, from, to, signal, markers: 'keep' })) {
        reading.samples += found.column.times.length;
        if (reading.samples > reading.mostSamples) {
          throw new TarsierError(
            'query/too-many-samples',
            `query: expected at most ${reading.mostSamples} samples; narrow the range or the selector`,
            { field: 'query' },
          );
        }
        yield { labels: LabelSet.ofSeries(found.series), column: found.column };
      }
    } catch (error) {
      if (!reading.deadline.passed) throw error;
      throw new TarsierError('query/timeout', `query: expected an answer within ${reading.timeoutMs} ms`, {
        field: 'query',
        cause: error,
      });
    }
  }

  function end({ tenant, samples, cpuMs, deadline }: Reading): void {
    deadline.end();
    usageMeter.query(tenant, { samples, cpuMs });
  }

  async function message(reading: Reading): Promise<Uint8Array> {
    try {
      const results: ByteWriter[] = [];
      for (const query of reading.found) {
        const result = new ByteWriter();
        for await (const { labels, column } of read(reading, query)) {
          counted(reading, () => writeTimeSeries(result, labels, column));
        }
        results.push(result);
      }
      return await snappyCompress(counted(reading, () => readResponse(results)));
    } finally {
      end(reading);
    }
  }

  async function* frames(reading: Reading): AsyncGenerator<Uint8Array> {
    try {
      for (const [index, query] of reading.found.entries()) {
        for await (const { labels, column } of read(reading, query)) {
          yield* counted(reading, () => [...chunkFrames(index, labels, column)]);
        }
      }
    } finally {
      end(reading);
    }
  }

  return new Hono<AppEnv>().post('/read', async (c) => {
    const { queries, streams } = await requestOf(c);
    const { tenant } = c.get('identity');
    const { timeoutMs, samples, series: mostSeries } = await engine.limitsOf(tenant);
    const found: Found[] = [];
    for (const query of queries) {
      const rows = await exporter.series(tenant, [query.matchers], mostSeries);
      found.push({ ...withinTime(query, now()), series: byLabels(rows) });
    }
    const signal = clientGone(c);
    const reading: Reading = {
      tenant,
      found,
      mostSamples: streams ? samples : Math.min(samples, mostInMessage),
      samples: 0,
      cpuMs: 0,
      deadline: startDeadline(timeoutMs, signal),
      timeoutMs,
    };
    if (!streams) return c.body(new Uint8Array(await message(reading)), 200, messageHeaders);
    const body = streamBody(frames(reading), (error) => {
      if (!signal.aborted) log.error('an answer to remote_read ended too early', { error: describeError(error) });
    });
    return c.body(body, 200, streamHeaders);
  });
}

const messageHeaders = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' } as const;
const streamHeaders = {
  'content-type': 'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse',
} as const;

function counted<T>(reading: Reading, work: () => T): T {
  const began = performance.now();
  try {
    return work();
  } finally {
    reading.cpuMs += performance.now() - began;
  }
}

async function requestOf(c: Context<AppEnv>): Promise<ReturnType<typeof decodeReadRequest>> {
  const packed = await readBody(c, most.bodyBytes);
  try {
    const request = decodeReadRequest(snappyDecompress(packed, most.unpackedBytes));
    for (const { matchers } of request.queries) requireSelective(matchers);
    return request;
  } catch (error) {
    if (error instanceof ProtobufError) throw notAReadRequest(error);
    if (error instanceof TarsierError && error.code === 'snappy/malformed') throw notAReadRequest(error);
    throw error;
  }
}

/** As in PromQL: nobody asks for everything by leaving something out. */
function requireSelective(matchers: ReadQuery['matchers']): void {
  if (compileTests(matchers).some(({ passes }) => !passes(''))) return;
  throw invalid('matchers', 'must contain at least one non-empty matcher');
}

/** Clients name ends far away; nothing is stored of what is to come. @throws {TarsierError} `query/too-long` */
function withinTime({ from, to, matchers }: ReadQuery, now: UnixMs): ReadQuery {
  const until = Math.min(to, now + dayMs);
  if (until - from <= longestSpanMs) return { from, to: until, matchers };
  throw new TarsierError(
    'query/too-long',
    `start_timestamp_ms: expected at most ${longestSpanMs / dayMs} days to the end`,
    {
      field: 'start_timestamp_ms',
    },
  );
}

/** Whoever merges streams of series relies on it. */
function byLabels(rows: readonly SeriesRow[]): readonly SeriesRow[] {
  return rows
    .map((row) => ({ row, labels: LabelSet.ofSeries(row) }))
    .toSorted((a, b) => a.labels.compare(b.labels))
    .map(({ row }) => row);
}
