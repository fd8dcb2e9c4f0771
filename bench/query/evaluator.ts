/** What evaluating costs, apart from reading: samples in memory, answers in columns. */
import { createEngine, createMemoryReader, LabelSet, type StoredSeries } from '@tarsier/collector/promql';
import { openMetrics } from '../../test/promql/differential/data.ts';
import { startPrometheus } from '../../test/promql/differential/prometheus.ts';
import { treeUsage } from '../proc-cpu.ts';

const startMs = Date.UTC(2026, 10, 24);
const hourMs = 3_600_000;
const scope = { tenantId: 1, tenant: 'bench' };
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const warmUps = 5;
const rounds = 20;
const serverRounds = 5;

interface Question {
  readonly query: string;
  readonly stepMs: number;
  /** Series that it reads. */
  readonly series: number;
}

const questions: readonly Question[] = [
  { query: 'requests_total', stepMs: 15_000, series: 1_000 },
  { query: 'rate(requests_total[5m])', stepMs: 15_000, series: 1_000 },
  { query: 'sum by (host) (rate(requests_total[5m]))', stepMs: 15_000, series: 1_000 },
  { query: 'avg_over_time(requests_total[5m])', stepMs: 15_000, series: 1_000 },
  { query: 'quantile_over_time(0.9, requests_total[5m])', stepMs: 15_000, series: 1_000 },
  { query: 'histogram_quantile(0.9, sum by (le) (rate(latency_bucket[5m])))', stepMs: 15_000, series: 1_000 },
  { query: 'topk(5, requests_total)', stepMs: 15_000, series: 1_000 },
  { query: 'requests_total / on (host) group_left () limits', stepMs: 15_000, series: 1_100 },
  { query: 'max_over_time(fine[12s])', stepMs: 12_000, series: 100 },
  { query: 'rate(fine[1m])', stepMs: 12_000, series: 100 },
  { query: 'max_over_time(rate(requests_total[5m])[30m:1m])', stepMs: 60_000, series: 1_000 },
];

/**
 * Prints CPU ms per query over an hour: of our evaluation, the best of some rounds; and of a Prometheus on the same
 * samples, where there is one, their mean. Its number has reading chunks, JSON and HTTP in it, ours has not.
 */
export async function benchEvaluator(say: (line: string) => void): Promise<void> {
  const series = makeSeries();
  const engine = createEngine({ reader: createMemoryReader(series), log: silent });
  const prometheus = await startPrometheus(openMetrics(series)).catch(() => undefined);
  say(
    `| query over an hour | series x steps | CPU ms | ns per series and step | Prometheus ${prometheus?.version ?? '(not here)'}, CPU ms |`,
  );
  say('| --- | --- | --- | --- | --- |');
  try {
    for (const { query, stepMs, series } of questions) {
      const asked = { query, startMs, endMs: startMs + hourMs, stepMs };
      const ours = await cpuMs(() => engine.range(scope, { query, start: startMs, end: startMs + hourMs, stepMs }));
      const theirs = prometheus === undefined ? '' : await serverCpuMs(prometheus.pid, () => prometheus.ask(asked));
      const steps = hourMs / stepMs + 1;
      const each = (ours * 1e6) / (series * steps);
      say(`| \`${query}\` | ${series} x ${steps} | ${ours.toFixed(1)} | ${each.toFixed(0)} | ${theirs} |`);
    }
  } finally {
    await prometheus?.stop();
  }
}

async function cpuMs(ask: () => Promise<unknown>): Promise<number> {
  for (let round = 0; round < warmUps; round++) await ask();
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    await ask();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}

/** The clock of /proc is too coarse for one query. */
async function serverCpuMs(pid: number, ask: () => Promise<unknown>): Promise<string> {
  await ask();
  const before = treeUsage(pid).cpuSeconds;
  for (let round = 0; round < serverRounds; round++) await ask();
  return (((treeUsage(pid).cpuSeconds - before) * 1000) / serverRounds).toFixed(0);
}

function makeSeries(): readonly StoredSeries[] {
  const series: StoredSeries[] = [];
  const add = (labels: Readonly<Record<string, string>>, everyMs: number, value: (row: number) => number): void => {
    // Half an hour earlier, so that the first range is as full as the last.
    const first = startMs - hourMs / 2;
    const rows = (hourMs * 1.5) / everyMs + 1;
    series.push({
      labels: LabelSet.of(Object.entries(labels)),
      column: {
        times: Float64Array.from({ length: rows }, (_, row) => first + row * everyMs),
        values: Float64Array.from({ length: rows }, (_, row) => value(row)),
      },
    });
  };
  const bounds = ['0.1', '0.25', '0.5', '1', '2.5', '5', '10', '25', '50', '+Inf'];
  for (let host = 0; host < 100; host++) {
    for (let core = 0; core < 10; core++) {
      const name = { host: `host-${host}`, core: String(core) };
      add({ __name__: 'requests_total', ...name }, 15_000, (row) => ((row * (7 + core)) % 5_000) + host);
      const le = bounds[core] ?? '';
      add({ __name__: 'latency_bucket', host: `host-${host}`, le }, 15_000, (row) => row * (core + 1));
    }
    add({ __name__: 'limits', host: `host-${host}` }, 15_000, () => 100 + host);
    add({ __name__: 'fine', host: `host-${host}` }, 1_000, (row) => row * 3 + (row % 7));
  }
  return series;
}
