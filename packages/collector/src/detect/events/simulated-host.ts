/** A host at rest, as agents see one: for tests and measurements of what is quiet, and of faults on top of it. */
import type { MetricDescription } from '@tarsier/protocol';
import { createNoise } from '../../stats/noise.ts';
import { nextRandomState, randomOf } from '../../stats/random.ts';
import type { StoredSamples } from '../../stored-samples.ts';

/** Tells the value at a second; counters add it up. */
type Behaviour = (second: number, noise: () => number, random: () => number) => number;

interface SimulatedSeries {
  readonly metric: MetricDescription;
  readonly labels: Readonly<Record<string, string>>;
  readonly behave: Behaviour;
}

/** What a fault adds to a series, by the seconds since it began. */
export interface Fault {
  readonly metric: string;
  readonly add: (elapsed: number) => number;
}

const gauge = (name: string, unit: string): MetricDescription => ({ name, kind: 'gauge', unit, help: '' });
const counter = (name: string, unit: string): MetricDescription => ({ name, kind: 'counter', unit, help: '' });

/** Correlation of a level with that of the second before. */
const inertia = 0.9;

function level(mean: number, spread: number): Behaviour {
  let state = 0;
  return (_, noise) => {
    state = inertia * state + Math.sqrt(1 - inertia ** 2) * noise();
    return Math.max(0, mean + spread * state);
  };
}

/** Bursts of a timer: each `everyS` seconds, for `lastS`. */
function bursts(base: number, spread: number, burst: number, everyS: number, lastS: number): Behaviour {
  return (second, noise) => Math.max(0, base + spread * noise() + (second % everyS < lastS ? burst : 0));
}

/** Now and then one large value, as of a flush to disk. */
function spikes(base: number, spike: number, chance: number): Behaviour {
  return (_, noise, random) => base * (1 + 0.1 * noise()) + (random() < chance ? spike * (1 + random()) : 0);
}

function steady(value: number): Behaviour {
  return () => value;
}

/** Grows a little, and falls back: what garbage collection, caches and logs look like. */
function sawtooth(least: number, slope: number, periodS: number): Behaviour {
  return (second) => least + slope * (second % periodS);
}

const cores = ['0', '1', 'all'];
const modes = ['user', 'system', 'iowait', 'irq', 'idle'];
const groups = ['node', 'postgres', 'sshd', 'systemd', 'cron', 'bash'];
const plugins = ['cpu', 'memory', 'disk', 'diskio', 'network', 'processes', 'system', 'load'];

function seriesOfHost(): SimulatedSeries[] {
  return [
    ...cores.map((cpu) => ({
      metric: gauge('cpu_busy_ratio', 'ratio'),
      labels: { cpu },
      behave: bursts(0.04, 0.015, 0.15, 60, 2),
    })),
    ...cores.flatMap((cpu) =>
      modes.map((mode) => ({
        metric: gauge('cpu_usage_ratio', 'ratio'),
        labels: { cpu, mode },
        behave: level(mode === 'idle' ? 0.95 : 0.01, 0.008),
      })),
    ),
    ...['1m', '5m', '15m'].map((period) => ({
      metric: gauge('load_average', ''),
      labels: { period },
      behave: level(0.2, 0.05),
    })),
    ...['used', 'cached', 'free', 'buffers', 'available', 'slab'].map((kind) => ({
      metric: gauge(`memory_${kind}_bytes`, 'bytes'),
      labels: {},
      behave: sawtooth(4e8, 2e5, 700),
    })),
    { metric: gauge('memory_used_ratio', 'ratio'), labels: {}, behave: level(0.3, 0.002) },
    ...['reads_total', 'writes_total'].map((name) => ({
      metric: counter(`diskio_${name}`, ''),
      labels: { device: 'vda' },
      behave: spikes(2, 200, 0.02),
    })),
    ...['read_bytes_total', 'written_bytes_total'].map((name) => ({
      metric: counter(`diskio_${name}`, 'bytes'),
      labels: { device: 'vda' },
      behave: spikes(8_000, 4e6, 0.02),
    })),
    { metric: gauge('diskio_busy_ratio', 'ratio'), labels: { device: 'vda' }, behave: spikes(0.01, 0.2, 0.02) },
    ...['received_bytes_total', 'sent_bytes_total', 'received_packets_total', 'sent_packets_total'].map((name) => ({
      metric: counter(`network_${name}`, name.includes('bytes') ? 'bytes' : ''),
      labels: { interface: 'eth0' },
      behave: bursts(2_000, 600, 50_000, 10, 1),
    })),
    ...groups.flatMap((group) => [
      {
        metric: counter('processes_group_cpu_seconds_total', 'seconds'),
        labels: { group },
        behave: level(0.01, 0.004),
      },
      { metric: gauge('processes_group_resident_bytes', 'bytes'), labels: { group }, behave: sawtooth(5e7, 1e4, 300) },
      { metric: gauge('processes_group_threads', ''), labels: { group }, behave: steady(12) },
    ]),
    ...['context_switches_total', 'interrupts_total', 'forks_total'].map((name) => ({
      metric: counter(`system_${name}`, ''),
      labels: {},
      behave: level(400, 60),
    })),
    ...plugins.map((plugin) => ({
      metric: gauge('agent_plugin_duration_seconds', 'seconds'),
      labels: { plugin },
      behave: spikes(0.001, 0.01, 0.01),
    })),
    { metric: gauge('disk_used_ratio', 'ratio'), labels: { mount: '/' }, behave: sawtooth(0.4, 1e-7, 86_400) },
    { metric: gauge('network_tcp_connections', ''), labels: {}, behave: level(30, 3) },
  ];
}

/** Faults as they look on hosts that had them for 30 s. */
export const faults: Readonly<Record<'cpu' | 'memory' | 'disk' | 'network', readonly Fault[]>> = {
  cpu: [
    { metric: 'cpu_busy_ratio', add: () => 0.9 },
    { metric: 'cpu_usage_ratio', add: () => 0.4 },
    { metric: 'load_average', add: (elapsed) => elapsed / 30 },
    { metric: 'processes_group_cpu_seconds_total', add: () => 0.3 },
    { metric: 'system_context_switches_total', add: () => 500 },
  ],
  memory: [
    { metric: 'memory_used_ratio', add: (elapsed) => Math.min(0.4, elapsed / 10) },
    { metric: 'memory_used_bytes', add: (elapsed) => Math.min(4e9, elapsed * 1e9) },
    { metric: 'memory_free_bytes', add: (elapsed) => -Math.min(3e8, elapsed * 1e8) },
    { metric: 'memory_available_bytes', add: (elapsed) => -Math.min(3e8, elapsed * 1e8) },
    { metric: 'processes_group_resident_bytes', add: (elapsed) => Math.min(1e9, elapsed * 3e8) },
  ],
  disk: [
    { metric: 'diskio_busy_ratio', add: () => 0.9 },
    { metric: 'diskio_writes_total', add: () => 4_000 },
    { metric: 'diskio_written_bytes_total', add: () => 2e8 },
    { metric: 'cpu_usage_ratio', add: () => 0.1 },
  ],
  network: [
    { metric: 'network_sent_bytes_total', add: () => 5e7 },
    { metric: 'network_received_bytes_total', add: () => 5e7 },
    { metric: 'network_sent_packets_total', add: () => 4e4 },
    { metric: 'network_received_packets_total', add: () => 4e4 },
    { metric: 'system_interrupts_total', add: () => 8_000 },
  ],
};

export interface InjectedFault {
  readonly kind: keyof typeof faults;
  readonly atS: number;
  readonly forS: number;
}

/** The host's samples each second from `t0`, in batches of ten seconds, as ingest hands them on; the same per seed. */
export function* simulateHost({
  t0,
  seconds,
  seed,
  injected = [],
  labels: common = {},
  host = 'quiet',
  hostId = 1,
}: {
  readonly t0: number;
  readonly seconds: number;
  readonly seed: number;
  readonly injected?: readonly InjectedFault[];
  /** That all of its series have. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly host?: string;
  readonly hostId?: number;
}): Iterable<StoredSamples> {
  const series = seriesOfHost();
  const metrics = [...new Map(series.map(({ metric }) => [metric.name, metric])).values()];
  const schema: StoredSamples['schema'] = {
    scope: { tenantId: 1, tenant: 'tenant-1' },
    hostId,
    host,
    hash: new Uint8Array(16).fill(hostId),
    schema: {
      metrics,
      series: series.map(({ metric, labels }) => ({
        metric: metrics.findIndex(({ name }) => name === metric.name),
        labels: { ...labels, ...common },
      })),
    },
    seriesIds: Int32Array.from(series, (_, column) => 1000 * hostId + column),
    agent: true,
  };
  let state = seed;
  const random = (): number => randomOf((state = nextRandomState(state)));
  const noises = series.map((_, column) => createNoise(seed * 1000 + column));
  const totals = new Float64Array(series.length);
  const batchRows = 10;
  for (let from = 0; from < seconds; from += batchRows) {
    const rows = Math.min(batchRows, seconds - from);
    const values = new Float64Array(rows * series.length);
    for (const [column, { metric, behave }] of series.entries()) {
      for (let row = 0; row < rows; row++) {
        const second = from + row;
        const extra = injected
          .filter(({ atS, forS }) => second >= atS && second < atS + forS)
          .flatMap(({ kind, atS }) =>
            faults[kind].filter((fault) => fault.metric === metric.name).map((fault) => fault.add(second - atS + 1)),
          )
          .reduce((sum, one) => sum + one, 0);
        const value = Math.max(0, behave(second, noises[column] ?? (() => 0), random) + extra);
        totals[column] = (totals[column] ?? 0) + value;
        values[column * rows + row] = metric.kind === 'counter' ? (totals[column] ?? 0) : value;
      }
    }
    const times = Float64Array.from({ length: rows }, (_, row) => t0 + (from + row) * 1000);
    yield { epoch: 1, seq: from, schema, matrix: { times, width: series.length, values } };
  }
}
