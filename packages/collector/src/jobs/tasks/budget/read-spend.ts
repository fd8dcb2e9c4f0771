/** What was spent, day by day, by what budgets are for: of jobs as it was charged, of models from counted tokens. */
import type { Nanos, UnixMs } from '@tarsier/protocol';
import type { SpendingBudget } from '@tarsier/protocol/api';
import type { Engine } from '../../../query/engine.ts';
import { dayMs } from '../../../storage/hours.ts';
import type { Storage } from '../../../storage/storage.ts';
import type { TenantScope } from '../../../tenant.ts';
import { readModelUse } from './model-use.ts';

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
  const first = Math.floor(now / dayMs) - count;
  const days = Array.from({ length: count + (withToday ? 1 : 0) }, (_, at) => dayOf((first + at) * dayMs));
  const byTarget = new Map<string, Float64Array>();
  if (kind === 'jobs' || kind === 'job-type') {
    for (const { day, type, cost } of await reader.storage.jobs.usage(scope, first * dayMs)) {
      add(byTarget, kind === 'jobs' ? '*' : type, days.length, days.indexOf(day), cost);
    }
    return { days, byTarget, unpriced: [] };
  }
  const wanted = { by: [kind], where: kind, days: { first, whole: count, withToday, now } };
  const { uses, unpriced } = await readModelUse(reader, scope, wanted);
  for (const { labels, cost, isPriced } of uses) {
    if (!isPriced) continue;
    for (const [day, nanos] of cost.entries()) add(byTarget, labels.get(kind), days.length, day, nanos);
  }
  return { days, byTarget, unpriced };
}

function add(byTarget: Map<string, Float64Array>, target: string, length: number, day: number, nanos: Nanos): void {
  if (day < 0) return;
  const known = byTarget.get(target) ?? new Float64Array(length);
  known[day] = (known[day] ?? 0) + nanos;
  byTarget.set(target, known);
}

const dayOf = (time: UnixMs): string => new Date(time).toISOString().slice(0, 10);
