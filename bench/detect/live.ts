/** What the always-on detection of a collector costs for each raw sample, in CPU of this process. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createDetection, createNoise, type StoredSamples } from '@tarsier/collector/detect';

/** As in `pnpm bench ingest`: batches of ten seconds. */
const hosts = 100;
const width = 200;
const rows = 10;
/** Of a host's series this part are counters. */
const counterShare = 0.4;
/** Batches of each host before anything is measured: series are judged by then, and arrays are as they stay. */
const warmup = 30;
const measured = 60;
const rounds = 3;
const t0 = Date.UTC(2026, 0, 1);

/** One host's batches, as ingest hands them on; values that are quiet. */
function createHost(hostId: number): (batch: number) => StoredSamples {
  const noise = createNoise(hostId);
  const counters = Math.floor(counterShare * width);
  const metrics = Array.from({ length: width }, (_, at) => ({
    name: `metric_${at}`,
    kind: at < counters ? ('counter' as const) : ('gauge' as const),
    unit: '',
    help: '',
  }));
  const schema = {
    scope: { tenantId: 1, tenant: 'default' },
    hostId,
    host: `host-${hostId}`,
    hash: new Uint8Array(16),
    agent: true,
    schema: { metrics, series: metrics.map((_, metric) => ({ metric, labels: {} })) },
    seriesIds: Int32Array.from(metrics, (_, at) => hostId * width + at),
  };
  const totals = new Float64Array(width);
  return (batch) => {
    const values = new Float64Array(width * rows);
    for (let column = 0; column < width; column++) {
      for (let row = 0; row < rows; row++) {
        const value = 50 + 5 * noise();
        totals[column] = (totals[column] ?? 0) + value;
        values[column * rows + row] = column < counters ? (totals[column] ?? 0) : value;
      }
    }
    const times = Float64Array.from({ length: rows }, (_, row) => t0 + (batch * rows + row) * 1000);
    return { epoch: 1, seq: batch, schema, matrix: { times, width, values } };
  };
}

/** Of arrays that are in use. */
function arrayBytes(): number {
  setFlagsFromString('--expose-gc');
  // Twice: arrays are let go of after what held them.
  for (let time = 0; time < 2; time++) runInNewContext('gc')();
  return process.memoryUsage().arrayBuffers;
}

export function benchLive(say: (line: string) => void): void {
  const makers = Array.from({ length: hosts }, (_, host) => createHost(host + 1));
  const before = arrayBytes();
  const detection = createDetection({ onChange: () => {} });
  let batch = 0;
  const round = (list: readonly StoredSamples[]): number => {
    const from = process.cpuUsage();
    for (const stored of list) detection.consume(stored);
    const { user, system } = process.cpuUsage(from);
    return (user + system) / 1e6;
  };
  /** One of each host. */
  const batchesOf = (at: number): StoredSamples[] => makers.map((make) => make(at));
  while (batch < warmup) round(batchesOf(batch++));
  const cpu = Array.from({ length: rounds }, () => {
    let seconds = 0;
    for (const end = batch + measured; batch < end;) seconds += round(batchesOf(batch++));
    return seconds;
  });
  const bytes = arrayBytes() - before;
  const samples = hosts * width * rows * measured;
  const checkpoint = [...detection.checkpoints()].reduce((sum, { body }) => sum + body.length, 0);
  const series = hosts * width;
  say(`always on, ${hosts} hosts of ${width} series, batches of ${rows} rows:`);
  say('');
  say('| ns a raw sample | bytes a series | checkpoint, bytes a series |');
  say('| --- | --- | --- |');
  const ns = ((Math.min(...cpu) / samples) * 1e9).toFixed(0);
  say(`| ${ns} | ${(bytes / series).toFixed(0)} | ${(checkpoint / series).toFixed(0)} |`);
}
