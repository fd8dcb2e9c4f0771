/** What a tenant has used, as it was metered: each fact once, in whole numbers, so that sums are exact. */
import type { Engine } from '../../query/engine.ts';
import { increaseOf, increasesByDay, readModelUse, type Days } from '../../jobs/tasks/budget/model-use.ts';
import { dayMs } from '../../storage/hours.ts';
import type { Storage } from '../../storage/storage.ts';
import { dayNumber } from '../../storage/usage.ts';
import type { TenantScope } from '../../tenant.ts';

export interface FactReader {
  readonly storage: Pick<Storage, 'usage' | 'jobs' | 'prices'>;
  readonly engine: Pick<Engine, 'instant' | 'range'>;
  /** What this collector has counted and not written yet is written. */
  readonly flush: () => Promise<void>;
  readonly now: () => number;
}

/** Whole: milliseconds and billionths of USD, where {@link kinds} says seconds and USD. */
export interface Fact {
  /** Days since 1970, UTC. */
  readonly day: number;
  readonly host: string;
  readonly agent: string;
  readonly model: string;
  readonly job: string;
  readonly what: string;
  readonly amount: number;
}

interface Kind {
  readonly name: string;
  readonly unit: string;
  /** Of these one as it is shown. */
  readonly per?: number;
  /** Measured, not counted: days are not added up. */
  readonly isPeak?: true;
}

const [thousand, billion] = [1_000, 1_000_000_000];
const kinds: Readonly<Record<string, Kind>> = {
  samples: { name: 'samples', unit: 'samples' },
  batches: { name: 'batches', unit: 'batches' },
  received_bytes: { name: 'received_bytes', unit: 'bytes' },
  stored_bytes: { name: 'stored_bytes', unit: 'bytes', isPeak: true },
  series: { name: 'series', unit: 'series', isPeak: true },
  queries: { name: 'queries', unit: 'queries' },
  query_samples: { name: 'query_samples', unit: 'samples' },
  query_cpu_ms: { name: 'query_cpu_seconds', unit: 'seconds', per: thousand },
  jobs: { name: 'jobs', unit: 'runs' },
  job_cpu_ms: { name: 'job_cpu_seconds', unit: 'seconds', per: thousand },
  job_cost: { name: 'job_cost', unit: 'usd', per: billion },
  model_calls: { name: 'model_calls', unit: 'calls' },
  model_errors: { name: 'model_errors', unit: 'calls' },
  model_tokens: { name: 'model_tokens', unit: 'tokens' },
  model_cost: { name: 'model_cost', unit: 'usd', per: billion },
  cpu_ms: { name: 'cpu_seconds', unit: 'seconds', per: thousand },
  cost: { name: 'cost', unit: 'usd', per: billion },
  alerts: { name: 'alerts', unit: 'alerts' },
  incidents: { name: 'incidents', unit: 'incidents' },
  anomalies: { name: 'anomalies', unit: 'anomalies' },
};

export function kindOf(what: string): Kind {
  return kinds[what] ?? { name: what, unit: '' };
}

const nobody = { host: '', agent: '', model: '', job: '' } as const;

/** Both days included. By day, host, agent, model, job and name. */
export async function readFacts(
  { storage, engine, flush, now }: FactReader,
  scope: TenantScope,
  { from, to, signal }: { readonly from: number; readonly to: number; readonly signal: AbortSignal },
): Promise<{ readonly facts: readonly Fact[]; readonly unpriced: readonly string[] }> {
  await flush();
  const reader = { engine, storage, signal, uncounted: true };
  const [measured, jobs, { facts: ofModels, unpriced }] = await Promise.all([
    storage.usage.list(scope, { from, to }),
    storage.jobs.usage(scope, from * dayMs),
    readModels(reader, scope, daysOf(from, to, now())),
  ]);
  const ofJobs = jobs.flatMap(({ day: text, type, runs, meteredMs, cost }): Fact[] => {
    const day = dayNumber(Date.parse(text));
    if (day > to) return [];
    const of = { ...nobody, day, job: type };
    return [
      { ...of, what: 'jobs', amount: runs },
      { ...of, what: 'job_cpu_ms', amount: meteredMs },
      { ...of, what: 'job_cost', amount: cost },
    ];
  });
  const facts = [...measured.map((row) => ({ ...nobody, ...row })), ...ofJobs, ...ofModels];
  return { facts: facts.toSorted(inOrder), unpriced };
}

function daysOf(from: number, to: number, now: number): Days {
  const today = dayNumber(now);
  return {
    first: from,
    whole: Math.max(0, Math.min(to + 1, today) - from),
    withToday: from <= today && to >= today,
    now,
  };
}

const counters = { model_calls: 'llm_calls_total', model_errors: 'llm_errors_total' } as const;

async function readModels(
  reader: Parameters<typeof readModelUse>[0],
  scope: TenantScope,
  days: Days,
): Promise<{ readonly facts: readonly Fact[]; readonly unpriced: readonly string[] }> {
  const by = ['host', 'agent', 'model'];
  const facts: Fact[] = [];
  const add = (labels: { get(name: string): string }, day: number, what: string, amount: number): void => {
    if (amount === 0) return;
    const [host = '', agent = '', model = ''] = by.map((name) => labels.get(name));
    facts.push({ day: days.first + day, host, agent, model, job: '', what, amount });
  };
  const { uses, unpriced } = await readModelUse(reader, scope, { by, where: 'model', days });
  for (const { labels, tokens, cost } of uses) {
    for (const [day, { input, cached, cacheWrite, output }] of tokens.entries()) {
      add(labels, day, 'model_tokens', input + cached + cacheWrite + output);
      add(labels, day, 'model_cost', cost[day] ?? 0);
    }
  }
  for (const [what, metric] of Object.entries(counters)) {
    const selector = `${metric}{model!=""}`;
    for (const column of await increasesByDay(reader, scope, { selector, by, days })) {
      for (let day = 0; day <= days.whole; day++) {
        add(column.labels, day, what, Math.round(increaseOf(column, day, days)));
      }
    }
  }
  return { facts: merged(facts), unpriced };
}

/** One fact of each, where providers offer models of the same name. */
function merged(facts: readonly Fact[]): readonly Fact[] {
  const all = new Map<string, Fact>();
  for (const fact of facts) {
    const { day, host, agent, model, what } = fact;
    const key = JSON.stringify([day, host, agent, model, what]);
    all.set(key, { ...fact, amount: (all.get(key)?.amount ?? 0) + fact.amount });
  }
  return [...all.values()];
}

function inOrder(a: Fact, b: Fact): number {
  if (a.day !== b.day) return a.day - b.day;
  for (const name of ['host', 'agent', 'model', 'job', 'what'] as const) {
    if (a[name] !== b[name]) return a[name] < b[name] ? -1 : 1;
  }
  return 0;
}
