/** Reads what performance is analysed from: a value for each step of the time that is looked at. */
import { priceOf, type UnixMs } from '@tarsier/protocol';
import type { LabelSet } from '../../../query/label-set.ts';
import type { JobContext } from '../../job-type.ts';
import { seriesOver } from '../ask-engine.ts';
import { million, priceFor, type TokenPrice } from '../cost/model-price.ts';
import type { CachePast } from './cache-curve.ts';
import type { UsePast } from './right-size.ts';
import type { ResourceInput, SubjectInput } from './use-method.ts';

export interface Window {
  readonly from: UnixMs;
  readonly to: UnixMs;
  readonly stepMs: number;
}

export interface ReadCache extends CachePast {
  readonly kind: 'redis' | 'postgres' | 'prompts';
  readonly name: string;
  readonly evictions: number | null;
  readonly times: Float64Array;
  /** Of prompts: what a token costs. */
  readonly price?: TokenPrice;
  /** Of prompts: hit ratio of the agent that has the best with the same model. */
  readonly best?: { readonly agent: string; readonly ratio: number };
}

export interface PerformanceRead {
  readonly subjects: readonly SubjectInput[];
  readonly caches: readonly ReadCache[];
  readonly uses: readonly UsePast[];
}

interface Column {
  readonly labels: LabelSet;
  readonly values: Float64Array;
}

const none = new Float64Array();
/** Errors a minute that are as bad as it gets. */
const tolerable = { memory: 0.1, network: 60 } as const;
/** Share of calls that may fail, until it is as bad as it gets. */
const tolerableFailures = 0.05;
const mostSubjects = 500;

export async function readPerformance(
  { engine, storage, scope, signal }: Pick<JobContext, 'engine' | 'storage' | 'scope' | 'signal'>,
  { from, to, stepMs }: Window,
): Promise<PerformanceRead> {
  const step = `${stepMs / 1_000}s`;
  const times = Float64Array.from({ length: Math.round((to - from) / stepMs) + 1 }, (_, at) => from + at * stepMs);
  /** One value for each step, NaN where there is none. */
  const read = async (query: string): Promise<readonly Column[]> => {
    const series = await seriesOver({ engine, scope, signal }, { query, start: from, end: to, stepMs });
    return series.map(({ labels, times: at, values }) => {
      const grid = new Float64Array(times.length).fill(Number.NaN);
      for (const [index, time] of at.entries()) grid[Math.round((time - from) / stepMs)] = values[index] ?? Number.NaN;
      return { labels, values: grid };
    });
  };
  const mean = (by: string, selector: string, how: 'avg' | 'max' | 'sum' = 'max') =>
    read(`${how} by (${by}) (avg_over_time(${selector}[${step}]))`);
  const growth = (by: string, selector: string) => read(`sum by (${by}) (increase(${selector}[${step}]))`);
  const parts = { read, mean, growth, step, stepMs };
  const { models } = await storage.prices.get(scope);
  const prompts = await readPrompts(parts, times, ({ provider, model }) => priceFor(models, { provider, model }));
  const { containers, uses } = await readContainers(parts);
  const hosts = await readHosts(parts);
  return {
    subjects: [...hosts.subjects, ...containers, ...(await readCallers(parts))].slice(0, mostSubjects),
    caches: [...(await readCaches(parts, times)), ...prompts],
    uses: [...hosts.uses, ...uses],
  };
}

interface Reader {
  read(query: string): Promise<readonly Column[]>;
  mean(by: string, selector: string, how?: 'avg' | 'max' | 'sum'): Promise<readonly Column[]>;
  growth(by: string, selector: string): Promise<readonly Column[]>;
  readonly step: string;
  readonly stepMs: number;
}

async function readHosts({ mean, growth, stepMs }: Reader): Promise<Pick<PerformanceRead, 'subjects' | 'uses'>> {
  const by = async (columns: Promise<readonly Column[]>): Promise<ReadonlyMap<string, Float64Array>> =>
    new Map((await columns).map(({ labels, values }) => [labels.get('host'), values]));
  const pressure = (resource: string) => by(mean('host', `system_pressure_ratio{resource="${resource}",share="some"}`));
  const cpu = await by(mean('host', 'cpu_busy_ratio{cpu="all"}', 'avg'));
  const memory = await by(mean('host', 'memory_used_ratio'));
  const disk = await by(mean('host', 'diskio_busy_ratio'));
  const network = await by(mean('host', 'network_used_ratio'));
  const [waitsCpu, waitsMemory, waitsIo] = [await pressure('cpu'), await pressure('memory'), await pressure('io')];
  const killed = await by(growth('host', 'memory_oom_kills_total'));
  const lost = await by(growth('host', '{__name__=~"network_(receive|send)_(errors|dropped)_total"}'));
  const cores = await by(mean('host', 'cpu_cores'));
  const total = await by(mean('host', 'memory_total_bytes'));
  const hosts = [...new Set([...cpu.keys(), ...memory.keys()])].toSorted();
  const aMinute = (values: Float64Array | undefined): number | undefined =>
    values === undefined ? undefined : (meanOfKnown(values) ?? 0) / (stepMs / 60_000);
  return {
    subjects: hosts.map((host) => {
      const resource = (
        name: ResourceInput['resource'],
        used: Float64Array | undefined,
        waiting: Float64Array | undefined,
        errors: number | undefined,
        most: number,
        query: string,
      ): ResourceInput => ({
        resource: name,
        used: known(used),
        waiting: known(waiting),
        errors,
        tolerable: most,
        query,
      });
      const of = JSON.stringify(host);
      return {
        kind: 'host',
        name: host,
        resources: [
          resource('cpu', cpu.get(host), waitsCpu.get(host), undefined, 1, `cpu_busy_ratio{cpu="all",host=${of}}`),
          resource(
            'memory',
            memory.get(host),
            waitsMemory.get(host),
            aMinute(killed.get(host)),
            tolerable.memory,
            `memory_used_ratio{host=${of}}`,
          ),
          resource('disk', disk.get(host), waitsIo.get(host), undefined, 1, `diskio_busy_ratio{host=${of}}`),
          resource(
            'network',
            network.get(host),
            undefined,
            aMinute(lost.get(host)),
            tolerable.network,
            `network_used_ratio{host=${of}}`,
          ),
        ],
      };
    }),
    uses: hosts.flatMap((host): UsePast[] => {
      const [has, bytes] = [lastKnown(cores.get(host)), lastKnown(total.get(host))];
      const [used, held] = [cpu.get(host), memory.get(host)];
      if (has === undefined || bytes === undefined || used === undefined || held === undefined) return [];
      return [
        {
          kind: 'host',
          name: host,
          host,
          has: { cores: has, bytes },
          cores: known(used).map((share) => share * has),
          bytes: known(held).map((share) => share * bytes),
        },
      ];
    }),
  };
}

async function readContainers({ mean, read, growth, step, stepMs }: Reader): Promise<{
  readonly containers: readonly SubjectInput[];
  readonly uses: readonly UsePast[];
}> {
  const by = 'host, kind, name';
  const used = await read(`sum by (${by}) (rate(cgroup_cpu_seconds_total[${step}]))`);
  const find = (columns: readonly Column[], labels: LabelSet): Float64Array | undefined =>
    columns.find((one) => ['host', 'kind', 'name'].every((name) => one.labels.get(name) === labels.get(name)))?.values;
  const [coreLimits, bytes] = [
    await mean(by, 'cgroup_cpu_limit_cores'),
    await mean(by, 'cgroup_memory_working_set_bytes'),
  ];
  const [byteLimits, shares] = [
    await mean(by, 'cgroup_memory_limit_bytes'),
    await mean(by, 'cgroup_memory_used_ratio'),
  ];
  const waits = await read(`sum by (${by}) (rate(cgroup_pressure_seconds_total{resource="cpu"}[${step}]))`);
  const kills = await growth(by, 'cgroup_memory_oom_kills_total');
  const [hostCores, hostBytes] = [await mean('host', 'cpu_cores'), await mean('host', 'memory_total_bytes')];
  const ofHost = (columns: readonly Column[], host: string): number | undefined =>
    lastKnown(columns.find(({ labels }) => labels.get('host') === host)?.values);
  const subjects: SubjectInput[] = [];
  const uses: UsePast[] = [];
  for (const { labels, values } of used) {
    const [host, name] = [labels.get('host'), labels.get('name')];
    const limit = lastKnown(find(coreLimits, labels));
    const held = find(bytes, labels);
    const killed = find(kills, labels);
    subjects.push({
      kind: 'service',
      name,
      host,
      resources: [
        {
          resource: 'cpu',
          used: limit === undefined ? none : known(values).map((cores) => Math.min(1, cores / limit)),
          waiting: known(find(waits, labels)),
          errors: undefined,
          tolerable: 1,
          query: `rate(cgroup_cpu_seconds_total{host=${JSON.stringify(host)},name=${JSON.stringify(name)}}[5m])`,
        },
        {
          resource: 'memory',
          used: known(find(shares, labels)),
          waiting: none,
          errors: killed === undefined ? undefined : (meanOfKnown(killed) ?? 0) / (stepMs / 60_000),
          tolerable: tolerable.memory,
          query: `cgroup_memory_working_set_bytes{host=${JSON.stringify(host)},name=${JSON.stringify(name)}}`,
        },
      ],
    });
    const has = {
      cores: limit ?? ofHost(hostCores, host) ?? 1,
      bytes: lastKnown(find(byteLimits, labels)) ?? ofHost(hostBytes, host) ?? 0,
    };
    if (held !== undefined) uses.push({ kind: 'container', name, host, has, cores: known(values), bytes: known(held) });
  }
  return { containers: subjects, uses };
}

/** Services by their requests, agents by their calls of models: what fails, of what is called. */
async function readCallers({ growth, stepMs }: Reader): Promise<readonly SubjectInput[]> {
  const subjects: SubjectInput[] = [];
  for (const [label, all, failed] of [
    ['service', 'api_requests_total', 'api_errors_total'],
    ['agent', 'llm_calls_total', 'llm_errors_total'],
  ] as const) {
    const failures = await growth(`host, ${label}`, failed);
    for (const { labels, values } of await growth(`host, ${label}`, all)) {
      const [host, name] = [labels.get('host'), labels.get(label)];
      const errors = failures.find((one) => one.labels.get('host') === host && one.labels.get(label) === name)?.values;
      const calls = (meanOfKnown(values) ?? 0) / (stepMs / 60_000);
      if (name === '' || calls === 0) continue;
      subjects.push({
        kind: 'service',
        name,
        ...(host === '' ? {} : { host }),
        resources: [
          {
            resource: 'calls',
            used: none,
            waiting: none,
            errors: (meanOfKnown(errors ?? none) ?? 0) / (stepMs / 60_000),
            tolerable: tolerableFailures * calls,
            query: `sum(rate(${failed}{${label}=${JSON.stringify(name)}}[5m]))`,
          },
        ],
      });
    }
  }
  return subjects;
}

async function readCaches({ mean, growth }: Reader, times: Float64Array): Promise<readonly ReadCache[]> {
  const caches: ReadCache[] = [];
  const of = (columns: readonly Column[], labels: LabelSet, names: readonly string[]): Float64Array | undefined =>
    columns.find((one) => names.every((name) => one.labels.get(name) === labels.get(name)))?.values;
  const [redisMisses, redisBytes] = [
    await growth('host, name', 'redis_keyspace_misses_total'),
    await mean('host, name', 'redis_memory_used_bytes'),
  ];
  const evicted = await growth('host, name', 'redis_keys_evicted_total');
  for (const { labels, values } of await growth('host, name', 'redis_keyspace_hits_total')) {
    const gone = of(evicted, labels, ['host', 'name']);
    caches.push({
      kind: 'redis',
      name: `${labels.get('name')} on ${labels.get('host')}`,
      hits: counts(values),
      misses: counts(of(redisMisses, labels, ['host', 'name'])),
      bytes: of(redisBytes, labels, ['host', 'name']) ?? none,
      evictions: gone === undefined ? null : Math.round(counts(gone).reduce((sum, one) => sum + one, 0)),
      times,
    });
  }
  const read = await growth('host, name, database', 'postgres_blocks_total{source="disk"}');
  for (const { labels, values } of await growth('host, name, database', 'postgres_blocks_total{source="cache"}')) {
    caches.push({
      kind: 'postgres',
      name: `${labels.get('database')} of ${labels.get('name')} on ${labels.get('host')}`,
      hits: counts(values),
      misses: counts(of(read, labels, ['host', 'name', 'database'])),
      // The size of its buffers is a setting that nothing measures.
      bytes: none,
      evictions: null,
      times,
    });
  }
  return caches;
}

/** Tokens that come from a cache of prompts are hits; all others that are read are none. */
async function readPrompts(
  { growth }: Reader,
  times: Float64Array,
  priceOfModel: (model: { readonly provider: string; readonly model: string }) => TokenPrice | undefined,
): Promise<readonly ReadCache[]> {
  const columns = await growth('agent, provider, model, type', 'llm_tokens_total{type!="output"}');
  const groups = Array.from(
    Map.groupBy(columns, ({ labels }) => ['agent', 'provider', 'model'].map((name) => labels.get(name)).join('\0')),
    ([, of]) => {
      const labels = of[0]?.labels;
      const sumOf = (isHit: boolean): Float64Array => {
        const sums = new Float64Array(times.length);
        for (const { labels: own, values } of of) {
          if ((own.get('type') === 'cached') !== isHit) continue;
          for (const [at, count] of counts(values).entries()) sums[at] = (sums[at] ?? 0) + count;
        }
        return sums;
      };
      return {
        agent: labels?.get('agent') ?? '',
        provider: labels?.get('provider') ?? '',
        model: labels?.get('model') ?? '',
        hits: sumOf(true),
        misses: sumOf(false),
      };
    },
  );
  const ratioOf = ({ hits, misses }: (typeof groups)[number]): number => {
    const [hit, miss] = [hits, misses].map((counted) => counted.reduce((sum, one) => sum + one, 0));
    return (hit ?? 0) / Math.max(1, (hit ?? 0) + (miss ?? 0));
  };
  return groups.map(({ agent, provider, model, hits, misses }): ReadCache => {
    const price = priceOfModel({ provider, model });
    const best = groups
      .filter((one) => one.model === model && one.provider === provider && one.agent !== agent)
      .toSorted((a, b) => ratioOf(b) - ratioOf(a))[0];
    return {
      kind: 'prompts',
      name: `${agent} with ${model}`,
      hits,
      misses,
      bytes: none,
      evictions: null,
      times,
      ...(price === undefined ? {} : { price }),
      ...(best === undefined ? {} : { best: { agent: best.agent, ratio: ratioOf(best) } }),
    };
  });
}

/** What a cache of prompts saves in the time that is looked at, and could beyond; billionths of USD. */
export function promptSaving({
  hits,
  misses,
  price,
  best,
}: ReadCache):
  | { readonly now: number; readonly possible: number; readonly tokens: number; readonly more: number }
  | undefined {
  if (price === undefined) return undefined;
  const [cached, rest] = [hits, misses].map((counted) => Math.round(counted.reduce((sum, one) => sum + one, 0)));
  const tokens = cached ?? 0;
  const more = Math.max(0, Math.floor((best?.ratio ?? 0) * (tokens + (rest ?? 0))) - tokens);
  const worth = (count: number): number => priceOf(count, price.input, million) - priceOf(count, price.cached, million);
  return { now: worth(tokens), possible: worth(more), tokens, more };
}

const known = (values: Float64Array | undefined): Float64Array => (values ?? none).filter(Number.isFinite);
const counts = (values: Float64Array | undefined): Float64Array =>
  (values ?? none).map((value) => (Number.isFinite(value) ? Math.max(0, value) : 0));
const lastKnown = (values: Float64Array | undefined): number | undefined => known(values).at(-1);

function meanOfKnown(values: Float64Array): number | undefined {
  const of = known(values);
  return of.length === 0 ? undefined : of.reduce((sum, value) => sum + value, 0) / of.length;
}
