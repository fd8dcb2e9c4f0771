/** What a host's score is made of: each part 0 to 1, from what was measured in the last time. Pure. */
import type { OptimisationPartName } from '@tarsier/protocol/api';
import { formatPercent } from '../../../stats/format.ts';
import { meanOf } from '../../../stats/mean.ts';
import { quantileOf } from '../../../stats/quantile.ts';
import { hostReport, type HostPrices } from '../cost/host-cost.ts';

/** Of a host, in time order; columns are empty where nothing measures it. */
export interface HostInput {
  readonly host: string;
  /** `label=value` of the groups that it belongs to. */
  readonly groups: readonly string[];
  readonly cores: number;
  readonly memoryBytes: number;
  /** Shares in use, 0 to 1, by resource, a value for each minute. */
  readonly used: Readonly<Record<Resource, Float64Array>>;
  /** Share of the time in which something waited for each. */
  readonly waiting: Readonly<Record<Waited, Float64Array>>;
  /** Share of its series that are unlike their past. */
  readonly anomalies: Float64Array;
  /** Of the last day, shares of cores and memory, and how many values a whole day has. */
  readonly day: { readonly cpu: Float64Array; readonly memory: Float64Array; readonly steps: number };
  /** Incidents of the last week that somebody was told of, and those of them that were noise. */
  readonly told: number;
  readonly noise: number;
  /** Requests and calls of the last day, and those that failed. */
  readonly calls: number;
  readonly failed: number;
}

export const resources = ['cpu', 'memory', 'disk', 'network'] as const;
export type Resource = (typeof resources)[number];
export const waited = ['cpu', 'memory', 'io'] as const;
export type Waited = (typeof waited)[number];

export interface PartValue {
  /** 0 to 1, higher is better; undefined where nothing tells. */
  readonly value: number | undefined;
  readonly reason: string;
}

export type Parts = Readonly<Record<OptimisationPartName, PartValue>>;

/**
 * Judgements, not measurements: from where on something is as good or as bad as it gets. 70 % in use is what sizes of
 * hosts are chosen by, too; one request in a thousand may fail (99.9 %).
 */
export const bounds = { used: 0.7, waiting: 0.1, anomalies: 0.1, failed: 0.001 } as const;

export function partsOf(input: HostInput, prices: HostPrices): Parts {
  const busiest = busiestOf(input);
  const slowest = slowestOf(input);
  return {
    headroom:
      busiest === undefined
        ? unknown('no resource is measured')
        : part(
            (1 - busiest.share) / (1 - bounds.used),
            `${formatPercent(busiest.share)} of its ${busiest.name} is in use, or less, in 95 % of the time; up to ${formatPercent(bounds.used)} is well`,
          ),
    saturation:
      slowest === undefined
        ? unknown('its kernel tells no pressure')
        : part(
            1 - slowest.share / bounds.waiting,
            `something waited for ${slowest.name} in ${formatPercent(slowest.share)} of the time; ${formatPercent(bounds.waiting)} is as bad as it gets`,
          ),
    anomalies: anomalyPart(input.anomalies),
    'alert-noise': noisePart(input.told, input.noise),
    'cost-efficiency': costPart(input, prices),
    'error-budget': errorPart(input.calls, input.failed),
  };
}

export function noisePart(told: number, noise: number): PartValue {
  if (told === 0) return unknown('nobody was told of an incident in the last week');
  return part(1 - noise / told, `${noise} of ${told} incidents that somebody was told of were noise`);
}

export function errorPart(calls: number, failed: number): PartValue {
  if (calls < 1) return unknown('no request and no call is counted');
  const ratio = Math.min(1, failed / calls);
  return part(
    1 - ratio / bounds.failed,
    `${Math.round(failed)} of ${Math.round(calls)} calls failed in a day, of ${formatPercent(bounds.failed)} that may`,
  );
}

/** The resource that has least left: its 95th percentile. */
export function busiestOf({ used }: HostInput): { readonly name: Resource; readonly share: number } | undefined {
  let busiest: { readonly name: Resource; readonly share: number } | undefined;
  for (const name of resources) {
    if (used[name].length === 0) continue;
    const share = quantileOf(used[name].toSorted(), 0.95);
    if (busiest === undefined || share > busiest.share) busiest = { name, share };
  }
  return busiest;
}

export function slowestOf({ waiting }: HostInput): { readonly name: Waited; readonly share: number } | undefined {
  let slowest: { readonly name: Waited; readonly share: number } | undefined;
  for (const name of waited) {
    if (waiting[name].length === 0) continue;
    const share = meanOf(waiting[name]);
    if (slowest === undefined || share > slowest.share) slowest = { name, share };
  }
  return slowest;
}

/** As if it had another size: the same work on more or fewer cores, and in more or less memory. */
export function resized(input: HostInput, size: { readonly cores: number; readonly memoryBytes: number }): HostInput {
  const [cpu, memory] = [input.cores / size.cores, input.memoryBytes / size.memoryBytes];
  const scale = (values: Float64Array, by: number): Float64Array => values.map((value) => Math.min(1, value * by));
  return {
    ...input,
    ...size,
    used: { ...input.used, cpu: scale(input.used.cpu, cpu), memory: scale(input.used.memory, memory) },
    day: { ...input.day, cpu: scale(input.day.cpu, cpu), memory: scale(input.day.memory, memory) },
  };
}

/** Without the values of some minutes: how much the score depends on them. */
export function without(input: HostInput, block: number, blocks: number): HostInput {
  const cut = (values: Float64Array): Float64Array => {
    const [first, end] = [block, block + 1].map((at) => Math.floor((at * values.length) / blocks));
    return values.filter((_, at) => at < (first ?? 0) || at >= (end ?? 0));
  };
  const { used, waiting, day } = input;
  return {
    ...input,
    used: { cpu: cut(used.cpu), memory: cut(used.memory), disk: cut(used.disk), network: cut(used.network) },
    waiting: { cpu: cut(waiting.cpu), memory: cut(waiting.memory), io: cut(waiting.io) },
    anomalies: cut(input.anomalies),
    day: { ...day, cpu: cut(day.cpu), memory: cut(day.memory) },
  };
}

function anomalyPart(ratios: Float64Array): PartValue {
  if (ratios.length === 0) return unknown('its past is too short to know what is usual');
  const ratio = meanOf(ratios);
  return part(1 - ratio / bounds.anomalies, `${formatPercent(ratio)} of its series are unlike their past, on average`);
}

function costPart({ host, cores, memoryBytes, day }: HostInput, prices: HostPrices): PartValue {
  if (day.cpu.length === 0 || day.memory.length === 0) return unknown('its use of cores and memory is not measured');
  const { monthly, monthlyOf, wanted } = hostReport({ host, cores, memoryBytes, ...day }, prices);
  if (monthly === 0) return unknown('cores and memory have no price');
  return part(
    monthlyOf.wanted / monthly,
    `${sizeText(wanted.cores, wanted.gib)} would do, for ${formatPercent(monthlyOf.wanted / monthly)} of what it costs`,
  );
}

const part = (value: number, reason: string): PartValue => ({ value: Math.min(1, Math.max(0, value)), reason });
const unknown = (reason: string): PartValue => ({ value: undefined, reason });

export function sizeText(cores: number, gib: number): string {
  return `${cores} ${cores === 1 ? 'core' : 'cores'} and ${gib} GiB`;
}
