/** What was used of models, day by day: tokens as they were counted, and what they cost by the price table. */
import { parseUsd, type Nanos, type UnixMs } from '@tarsier/protocol';
import type { ModelPrice } from '@tarsier/protocol/api';
import type { Engine, LabelledColumn } from '../../../query/engine.ts';
import { dayMs } from '../../../storage/hours.ts';
import type { Storage } from '../../../storage/storage.ts';
import type { TenantScope } from '../../../tenant.ts';
import { samplesAt, seriesOver } from '../ask-engine.ts';
import { costOf, priceFor, type Tokens } from '../cost/model-price.ts';

export interface ModelUseReader {
  readonly engine: Pick<Engine, 'instant' | 'range'>;
  readonly storage: Pick<Storage, 'prices'>;
  readonly signal?: AbortSignal;
  /** Counts as no query of the tenant. */
  readonly uncounted?: boolean;
}

/** Days of UTC, oldest first. */
export interface Days {
  /** Since 1970. */
  readonly first: number;
  /** Those that are over. */
  readonly whole: number;
  /** Whether the one that `now` is in comes last. */
  readonly withToday: boolean;
  readonly now: UnixMs;
}

export interface ModelUse {
  readonly labels: Pick<LabelledColumn['labels'], 'get'>;
  /** One a day, as is the cost. */
  readonly tokens: readonly Tokens[];
  /** Billionths of USD: by the price table, else what agents have metered themselves. */
  readonly cost: Float64Array;
  /** Whether anybody says what it costs. */
  readonly isPriced: boolean;
}

const tokenTypes = { input: 'input', cached: 'cached', cache_write: 'cacheWrite', output: 'output' } as const;
const noTokens: Tokens = { input: 0, cached: 0, cacheWrite: 0, output: 0 };

/**
 * @param by  labels that tell uses apart; provider and model do besides
 * @param where  the label that must be there
 * @returns also `provider/model` of those that nobody has priced
 */
export async function readModelUse(
  reader: ModelUseReader,
  scope: TenantScope,
  { by, where, days }: { readonly by: readonly string[]; readonly where: string; readonly days: Days },
): Promise<{ readonly uses: readonly ModelUse[]; readonly unpriced: readonly string[] }> {
  const labels = [...new Set([...by, 'provider', 'model'])];
  const { models } = await reader.storage.prices.get(scope);
  const keyOf = (column: LabelledColumn): string => labels.map((name) => column.labels.get(name)).join('\0');
  const uses = new Map<
    string,
    {
      readonly labels: ModelUse['labels'];
      readonly tokens: Tokens[];
      readonly cost: Float64Array;
      /** By the table. */
      readonly price: ReturnType<typeof priceFor>;
      isPriced: boolean;
    }
  >();
  const useOf = (column: LabelledColumn) => {
    const key = keyOf(column);
    const count = dayCount(days);
    const known = uses.get(key);
    if (known !== undefined) return known;
    const price = priceFor(models, named(column));
    const use = {
      labels: column.labels,
      tokens: Array.from({ length: count }, () => noTokens),
      cost: new Float64Array(count),
      price,
      isPriced: price !== undefined,
    };
    uses.set(key, use);
    return use;
  };
  const tokens = await increasesByDay(reader, scope, {
    selector: `llm_tokens_total{${where}!=""}`,
    by: [...labels, 'type'],
    days,
  });
  for (const column of tokens) {
    const type = tokenTypes[column.labels.get('type') as keyof typeof tokenTypes];
    if (type === undefined) continue;
    const use = useOf(column);
    for (const [day, of] of use.tokens.entries()) {
      // Increases are extrapolated to the ends of the day: tokens are whole.
      use.tokens[day] = { ...of, [type]: of[type] + Math.round(increaseOf(column, day, days)) };
    }
  }
  const unpriced = new Set<string>();
  for (const use of uses.values()) {
    const { price } = use;
    if (price === undefined) unpriced.add(nameOf(use));
    else for (const [day, of] of use.tokens.entries()) use.cost[day] = costOf(of, price);
  }
  if (unpriced.size > 0) {
    const selector = `llm_cost_usd_total{${where}!=""}`;
    for (const column of await increasesByDay(reader, scope, { selector, by: labels, days })) {
      const known = uses.get(keyOf(column));
      if ((known === undefined ? priceFor(models, named(column)) : known.price) !== undefined) continue;
      const use = useOf(column);
      use.isPriced = true;
      for (let day = 0; day < use.cost.length; day++) {
        const nanos: Nanos = parseUsd(increaseOf(column, day, days).toFixed(9)) ?? 0;
        if (nanos > 0) unpriced.delete(nameOf(use));
        use.cost[day] = (use.cost[day] ?? 0) + nanos;
      }
    }
  }
  return { uses: [...uses.values()], unpriced: [...unpriced] };
}

type Labelled = Pick<ModelUse, 'labels'>;
const named = ({ labels }: Labelled): Pick<ModelPrice, 'provider' | 'model'> => ({
  provider: labels.get('provider'),
  model: labels.get('model'),
});
const nameOf = (labelled: Labelled): string => `${named(labelled).provider}/${named(labelled).model}`;

const dayCount = ({ whole, withToday }: Days): number => whole + (withToday ? 1 : 0);

/** Each day's increase, to be read with {@link increaseOf}. */
export async function increasesByDay(
  { engine, signal, uncounted = false }: Omit<ModelUseReader, 'storage'>,
  scope: TenantScope,
  { selector, by, days }: { readonly selector: string; readonly by: readonly string[]; readonly days: Days },
): Promise<readonly LabelledColumn[]> {
  const asking = { engine, scope, uncounted, signal };
  const sum = (range: string): string => `sum by (${by.join(', ')}) (increase(${selector}[${range}]))`;
  const columns: LabelledColumn[] = [];
  const end = (days.first + days.whole) * dayMs;
  if (days.whole > 0) {
    const start = (days.first + 1) * dayMs;
    columns.push(...(await seriesOver(asking, { query: sum('1d'), start, end, stepMs: dayMs })));
  }
  const seconds = Math.floor((days.now - end) / 1_000);
  if (days.withToday && seconds > 0) {
    for (const { labels, value } of await samplesAt(asking, sum(`${seconds}s`), days.now)) {
      columns.push({ labels, times: Float64Array.of(days.now), values: Float64Array.of(value) });
    }
  }
  return columns;
}

/** A day's increase stands at its end, which is the next one's beginning; that of today is later than its beginning. */
export function increaseOf({ times, values }: LabelledColumn, day: number, { first }: Days): number {
  const start = (first + day) * dayMs;
  const at = times.findIndex((time) => time > start && time <= start + dayMs);
  const value = at < 0 ? 0 : (values[at] ?? 0);
  return Number.isFinite(value) && value > 0 ? value : 0;
}
