/** Reads what scores and recommendations are made of. */
import { parseUsd, type Incident, type UnixMs } from '@tarsier/protocol';
import type { Engine } from '../../../query/engine.ts';
import type { LabelSet } from '../../../query/label-set.ts';
import { dayMs } from '../../../storage/hours.ts';
import type { Storage } from '../../../storage/storage.ts';
import type { TenantScope } from '../../../tenant.ts';
import { samplesAt, seriesOver } from '../ask-engine.ts';
import type { HostPrices } from '../cost/host-cost.ts';
import { ofPresentSize } from '../cost/present-size.ts';
import type { HostInput, Resource, Waited } from './host-parts.ts';
import type { Sources } from './recommend.ts';
import type { TenantInput } from './score.ts';

export interface OptimisationReader {
  readonly engine: Engine;
  readonly storage: Pick<Storage, 'prices' | 'lists'>;
  readonly signal?: AbortSignal;
}

/** What is read of the last day, and changes slowly. */
export interface DayRead {
  readonly cpu: ReadonlyMap<string, Float64Array>;
  readonly memory: ReadonlyMap<string, Float64Array>;
  readonly callers: readonly Caller[];
}

export interface OptimisationRead {
  readonly tenant: TenantInput;
  readonly sources: Sources;
  readonly prices: HostPrices;
}

const minuteMs = 60_000;
/** What headroom, saturation and anomalies are looked at over. */
const windowMs = 30 * minuteMs;
const dayStepMs = 5 * minuteMs;
const noiseDays = 7;
/** One that is over sooner, and that nobody has done anything about, was noise. */
const soonMs = 5 * minuteMs;
const mostIncidents = 1_000;
/** How long what was read of a day is good for: as long as one of its steps. */
export const dayGoodForMs = dayStepMs;
const none = new Float64Array();

const used: Readonly<Record<Resource, string>> = {
  cpu: 'avg by (host) (avg_over_time(cpu_busy_ratio{cpu="all"}[1m]))',
  memory: 'max by (host) (avg_over_time(memory_used_ratio[1m]))',
  disk: 'max by (host) (avg_over_time(diskio_busy_ratio[1m]))',
  network: 'max by (host) (avg_over_time(network_used_ratio[1m]))',
};
const day = {
  cpu: ofPresentSize('avg by (host) (avg_over_time(cpu_busy_ratio{cpu="all"}[5m]))', 'cpu_cores'),
  memory: ofPresentSize('max by (host) (avg_over_time(memory_used_ratio[5m]))', 'memory_total_bytes'),
} as const;
/** Labels that say where a series is from, and not what its host belongs to. */
const ownLabels = new Set(['__name__', 'host', 'plugin', 'job', 'instance', 'cpu']);

/** Asks of a tenant, as of a time. */
function askerOf({ engine, signal }: Pick<OptimisationReader, 'engine' | 'signal'>, scope: TenantScope, now: UnixMs) {
  const asking = { engine, scope, signal };
  return {
    async range(query: string, lengthMs: number, stepMs: number): Promise<ReadonlyMap<string, Float64Array>> {
      const end = Math.floor(now / stepMs) * stepMs;
      const series = await seriesOver(asking, { query, start: end - lengthMs + stepMs, end, stepMs });
      return new Map(series.map(({ labels, values }) => [labels.get('host'), values.filter(Number.isFinite)]));
    },
    instant: (query: string, time = now) => samplesAt(asking, query, time),
  };
}

export async function readDay(
  reader: Pick<OptimisationReader, 'engine' | 'signal'>,
  scope: TenantScope,
  now: UnixMs,
): Promise<DayRead> {
  const { range, instant } = askerOf(reader, scope, now);
  return {
    cpu: await range(day.cpu, dayMs, dayStepMs),
    memory: await range(day.memory, dayMs, dayStepMs),
    callers: await readCallers(instant),
  };
}

/** @param dayOf  where what is known of the last day is asked for; it is read unless given */
export async function readOptimisation(
  reader: OptimisationReader,
  scope: TenantScope,
  now: UnixMs,
  dayOf: (scope: TenantScope) => Promise<DayRead> = () => readDay(reader, scope, now),
): Promise<OptimisationRead> {
  const { storage } = reader;
  const { range, instant } = askerOf(reader, scope, now);
  const lately = (query: string) => range(query, windowMs, minuteMs);
  const pressure = (resource: Waited) =>
    lately(`max by (host) (avg_over_time(system_pressure_ratio{resource="${resource}",share="some"}[1m]))`);
  const [cpu, memory, disk, network] = [
    await lately(used.cpu),
    await lately(used.memory),
    await lately(used.disk),
    await lately(used.network),
  ];
  // As far back as what is used, of a host that is silent since then; and after it, of one that has just begun.
  const lastOf = (metric: string) => instant(`last_over_time(${metric}[${windowMs / minuteMs}m])`);
  const cores = await lastOf('cpu_cores');
  const totals = new Map((await lastOf('memory_total_bytes')).map(({ labels, value }) => [labels.get('host'), value]));
  const [waitsCpu, waitsMemory, waitsIo] = [await pressure('cpu'), await pressure('memory'), await pressure('io')];
  const anomalies = await lately('max by (host) (avg_over_time(host_anomaly_ratio[1m]))');
  const { cpu: dayCpu, memory: dayMemory, callers } = await dayOf(scope);
  const incidents = await readIncidents(storage, scope, now);
  const prices = await storage.prices.get(scope);
  const previous = new Map(
    (await instant('optimisation_score', now - dayMs)).map(({ labels, value }) => [subjectOf(labels), value]),
  );
  const groups = groupsOf(cores.map(({ labels }) => labels));
  const hosts = [...new Set([...cpu.keys(), ...memory.keys()])].toSorted().map((host): HostInput => {
    const own = callers.filter((one) => one.host === host);
    const told = incidents.filter((one) => one.hosts.includes(host));
    return {
      host,
      groups: groups.get(host) ?? [],
      cores: cores.find(({ labels }) => labels.get('host') === host)?.value ?? 1,
      memoryBytes: totals.get(host) ?? 1024 ** 3,
      used: {
        cpu: cpu.get(host) ?? none,
        memory: memory.get(host) ?? none,
        disk: disk.get(host) ?? none,
        network: network.get(host) ?? none,
      },
      waiting: {
        cpu: waitsCpu.get(host) ?? none,
        memory: waitsMemory.get(host) ?? none,
        io: waitsIo.get(host) ?? none,
      },
      anomalies: anomalies.get(host) ?? none,
      day: { cpu: dayCpu.get(host) ?? none, memory: dayMemory.get(host) ?? none, steps: dayMs / dayStepMs },
      told: told.length,
      noise: told.filter((one) => one.noise).length,
      calls: sum(own, ({ calls }) => calls),
      failed: sum(own, ({ failed }) => failed),
    };
  });
  const rules = Array.from(
    Map.groupBy(incidents, ({ rule }) => rule),
    ([name, of]) => ({ name, told: of.length, noise: of.filter((one) => one.noise).length }),
  );
  return {
    tenant: {
      hosts,
      told: incidents.length,
      noise: incidents.filter((one) => one.noise).length,
      calls: sum(callers, ({ calls }) => calls),
      failed: sum(callers, ({ failed }) => failed),
      previous,
    },
    sources: { rules, callers },
    prices: { coreHour: parseUsd(prices.coreHour) ?? 0, gibHour: parseUsd(prices.gibHour) ?? 0 },
  };
}

/** `host a`, `group role=db`, `tenant *`: of a series of scores. */
export function subjectOf(labels: Pick<LabelSet, 'get'>): string {
  const kind = labels.get('kind');
  return `${kind} ${kind === 'host' ? labels.get('host') : kind === 'group' ? labels.get('group') : '*'}`;
}

interface Caller {
  readonly host: string;
  readonly name: string;
  readonly calls: number;
  readonly failed: number;
}

/** Services by their requests, agents by their calls of models. */
async function readCallers(
  instant: (query: string) => Promise<readonly { readonly labels: LabelSet; readonly value: number }[]>,
): Promise<readonly Caller[]> {
  const callers: Caller[] = [];
  for (const [label, all, failed] of [
    ['service', 'api_requests_total', 'api_errors_total'],
    ['agent', 'llm_calls_total', 'llm_errors_total'],
  ] as const) {
    const sumOf = (metric: string): string => `sum by (host, ${label}) (increase(${metric}[1d]))`;
    const failures = await instant(sumOf(failed));
    for (const { labels, value } of await instant(sumOf(all))) {
      const [host, name] = [labels.get('host'), labels.get(label)];
      const errors = failures.find((one) => one.labels.get('host') === host && one.labels.get(label) === name);
      callers.push({ host, name, calls: value, failed: Math.min(value, errors?.value ?? 0) });
    }
  }
  return callers;
}

interface Told {
  readonly rule: string;
  readonly hosts: readonly string[];
  readonly noise: boolean;
}

async function readIncidents(
  { lists }: Pick<Storage, 'lists'>,
  scope: TenantScope,
  now: UnixMs,
): Promise<readonly Told[]> {
  const { items } = await lists.incidents(scope, { sort: 'newest', limit: mostIncidents });
  return items
    .filter(({ openedAt, telling }) => openedAt > now - noiseDays * dayMs && telling.count > 0)
    .map((incident) => ({
      rule: incident.alerts[0]?.name ?? incident.title,
      hosts: incident.hosts,
      noise: isNoise(incident),
    }));
}

function isNoise({ feedback, acknowledged, assignee, openedAt, resolvedAt }: Incident): boolean {
  if (feedback !== undefined) return feedback === 'noise';
  if (acknowledged !== undefined || assignee !== undefined) return false;
  return resolvedAt !== undefined && resolvedAt - openedAt < soonMs;
}

/** Labels that agents put on all that they send, where several hosts have one in common. */
function groupsOf(all: readonly LabelSet[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const labels of all) {
    const of = Object.entries(labels.toObject()).flatMap(([name, value]) =>
      ownLabels.has(name) ? [] : [`${name}=${value}`],
    );
    groups.set(labels.get('host'), of);
  }
  return groups;
}

const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0);
