/** What was spent, day by day, by what budgets are for: of jobs as it was charged, of models from counted tokens. */
import { parseUsd, type Nanos, type UnixMs } from '@tarsier/protocol';
import type { ModelPrice, SpendingBudget } from '@tarsier/protocol/api';
import type { Engine, LabelledColumn } from '../../../query/engine.ts';
import { dayMs } from '../../../storage/hours.ts';
import type { Storage } from '../../../storage/storage.ts';
import type { TenantScope } from '../../../tenant.ts';
import { samplesAt, seriesOver } from '../ask-engine.ts';
import { costOf, priceFor } from '../cost/model-price.ts';

export interface Spend {
  /** UTC: `2026-11-30`, oldest first; the last one is today where that was asked for. */
  readonly days: readonly string[];
  /** Of each job type, team, agent or model: one amount a day. */
  readonly byTarget: ReadonlyMap<string, Float64Array>;
  readonly unpriced: readonly string[];
}

export interface SpendReader {
  readonly engine: Engine;
  readonly storage: Pick<Storage, 'jobs' | 'prices'>;
  readonly signal?: AbortSignal;
}

type Kind = SpendingBudget['kind'];

/**
 * @param count  whole days before today
 * @param withToday  what was spent since midnight comes last
 */
export async function readSpend(
  reader: SpendReader,
  scope: TenantScope,
  kind: Kind,
  { count, withToday, now }: { readonly count: number; readonly withToday: boolean; readonly now: UnixMs },
): Promise<Spend> {
  const today = Math.floor(now / dayMs) * dayMs;
  const starts = Array.from({ length: count + (withToday ? 1 : 0) }, (_, at) => today - (count - at) * dayMs);
  const days = starts.map(dayOf);
  return kind === 'jobs' || kind === 'job-type'
    ? { days, byTarget: await readJobs(reader, scope, kind, days, starts[0] ?? today), unpriced: [] }
    : { days, ...(await readModels(reader, scope, kind, { count, withToday, today, now })) };
}

async function readJobs(
  { storage }: SpendReader,
  scope: TenantScope,
  kind: 'jobs' | 'job-type',
  days: readonly string[],
  since: UnixMs,
): Promise<ReadonlyMap<string, Float64Array>> {
  const byTarget = new Map<string, Float64Array>();
  for (const { day, type, cost } of await storage.jobs.usage(scope, since)) {
    add(byTarget, kind === 'jobs' ? '*' : type, days.length, days.indexOf(day), cost);
  }
  return byTarget;
}

const tokenTypes = { input: 'input', cached: 'cached', cache_write: 'cacheWrite', output: 'output' } as const;

interface ModelDays {
  readonly count: number;
  readonly withToday: boolean;
  readonly today: UnixMs;
  readonly now: UnixMs;
}

async function readModels(
  reader: SpendReader,
  scope: TenantScope,
  label: 'team' | 'agent' | 'model',
  days: ModelDays,
): Promise<Pick<Spend, 'byTarget' | 'unpriced'>> {
  const length = days.count + (days.withToday ? 1 : 0);
  const by = [...new Set([label, 'provider', 'model'])].join(', ');
  const { models } = await reader.storage.prices.get(scope);
  const byTarget = new Map<string, Float64Array>();
  const unpriced = new Set<string>();
  const tokens = await increases(reader, scope, `llm_tokens_total{${label}!=""}`, `${by}, type`, days);
  const subjects = Map.groupBy(tokens, ({ labels }) =>
    [label, 'provider', 'model'].map((name) => labels.get(name)).join('\0'),
  );
  for (const [, columns] of subjects) {
    const labels = columns[0]?.labels;
    const target = labels?.get(label) ?? '';
    const named = { provider: labels?.get('provider') ?? '', model: labels?.get('model') ?? '' };
    const price = priceFor(models, named);
    if (price === undefined) {
      unpriced.add(`${named.provider}/${named.model}`);
      continue;
    }
    for (let day = 0; day < length; day++) {
      const of = { input: 0, cached: 0, cacheWrite: 0, output: 0 };
      for (const column of columns) {
        const type = tokenTypes[column.labels.get('type') as keyof typeof tokenTypes];
        // Increases are extrapolated to the ends of the day: tokens are whole.
        if (type !== undefined) of[type] += Math.round(valueAt(column, day, days));
      }
      add(byTarget, target, length, day, costOf(of, price));
    }
  }
  if (unpriced.size === 0) return { byTarget, unpriced: [] };
  return {
    byTarget,
    unpriced: await addMetered(reader, scope, label, by, { days, length, models, byTarget, unpriced }),
  };
}

/** Of models without a price what agents have metered themselves counts. @returns those that nobody has priced */
async function addMetered(
  reader: SpendReader,
  scope: TenantScope,
  label: string,
  by: string,
  {
    days,
    length,
    models,
    byTarget,
    unpriced,
  }: {
    readonly days: ModelDays;
    readonly length: number;
    readonly models: readonly ModelPrice[];
    readonly byTarget: Map<string, Float64Array>;
    readonly unpriced: ReadonlySet<string>;
  },
): Promise<readonly string[]> {
  const left = new Set(unpriced);
  for (const column of await increases(reader, scope, `llm_cost_usd_total{${label}!=""}`, by, days)) {
    const named = { provider: column.labels.get('provider'), model: column.labels.get('model') };
    if (priceFor(models, named) !== undefined) continue;
    for (let day = 0; day < length; day++) {
      const nanos = parseUsd(valueAt(column, day, days).toFixed(9)) ?? 0;
      if (nanos > 0) left.delete(`${named.provider}/${named.model}`);
      add(byTarget, column.labels.get(label), length, day, nanos);
    }
  }
  return [...left];
}

/** Of each day, at its end; of today, now. */
async function increases(
  { engine, signal }: SpendReader,
  scope: TenantScope,
  selector: string,
  by: string,
  { count, withToday, today, now }: ModelDays,
): Promise<readonly LabelledColumn[]> {
  const asking = { engine, scope, ...(signal === undefined ? {} : { signal }) };
  const sum = (range: string): string => `sum by (${by}) (increase(${selector}[${range}]))`;
  const columns: LabelledColumn[] = [];
  if (count > 0) {
    const start = today - (count - 1) * dayMs;
    columns.push(...(await seriesOver(asking, { query: sum('1d'), start, end: today, stepMs: dayMs })));
  }
  const seconds = Math.floor((now - today) / 1_000);
  if (withToday && seconds > 0) {
    for (const { labels, value } of await samplesAt(asking, sum(`${seconds}s`), now)) {
      columns.push({ labels, times: Float64Array.of(now), values: Float64Array.of(value) });
    }
  }
  return columns;
}

/** A day's increase stands at its end, which is the next one's beginning; that of today is later than its beginning. */
function valueAt({ times, values }: LabelledColumn, day: number, { count, today }: ModelDays): number {
  const start = today - (count - day) * dayMs;
  const at = times.findIndex((time) => time > start && time <= start + dayMs);
  const value = at < 0 ? 0 : (values[at] ?? 0);
  return Number.isFinite(value) && value > 0 ? value : 0;
}

function add(byTarget: Map<string, Float64Array>, target: string, length: number, day: number, nanos: Nanos): void {
  if (day < 0) return;
  const known = byTarget.get(target) ?? new Float64Array(length);
  known[day] = (known[day] ?? 0) + nanos;
  byTarget.set(target, known);
}

const dayOf = (time: UnixMs): string => new Date(time).toISOString().slice(0, 10);
