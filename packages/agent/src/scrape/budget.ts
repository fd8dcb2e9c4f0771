/** Keeps the agent within its share of a core: the plugin that costs most is asked less often, and more often again later. */
import type { Log } from '../log.ts';
import type { Clock } from './clock.ts';
import type { Scraper } from './scrape.ts';

/** What a plugin costs and how often it is asked. */
export interface PluginCost {
  readonly name: string;
  /** All its scrapes together. */
  readonly busySeconds: number;
  readonly slowdown: number;
}

export interface BudgetSample {
  /** A clock that only goes on, seconds. */
  readonly atSeconds: number;
  readonly cpuSeconds: number;
  readonly plugins: readonly PluginCost[];
}

export interface BudgetDecision {
  readonly plugin: string;
  readonly slowdown: number;
  /** Shares of a core: of the agent, and of the plugin. */
  readonly used: number;
  readonly ofPlugin: number;
}

/** Between two samples that are compared. Shorter, and one slow scrape would decide. */
const budgetWindowSeconds = 30;
/** Starting costs more than all that follows, and is nobody's fault. */
const graceSeconds = 30;
const mostSlowdown = 64;
/** Nobody is slowed down who has less than this share of the budget. */
const leastShare = 0.1;
/** Room that is left when a plugin gets back its pace: it must not go to and fro. */
const comfortable = 0.8;

/** What the agent costs, as a share of a core, over the last window. */
export interface BudgetState {
  readonly budget: number;
  readonly used: number;
}

/** What it needs of a scraper. */
type Slowable = Pick<Scraper, 'plugin' | 'stats' | 'slowdown' | 'intervalMs'>;

export interface BudgetKeeper extends BudgetState {
  /** At each tick. Looks when a window is over, and then slows down or speeds up at most one plugin. */
  check(scrapers: readonly Slowable[], budget: number): void;
}

export function createBudgetKeeper({
  usage,
  clock,
  log,
}: {
  readonly usage: () => { readonly cpuSeconds: number };
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Log;
}): BudgetKeeper {
  const state = { budget: 0, used: 0 };
  let before: BudgetSample | undefined;
  let startedAt: number | undefined;

  function sample(atSeconds: number, scrapers: readonly Slowable[]): BudgetSample {
    const plugins = scrapers.map(({ plugin, stats, slowdown }) => ({
      name: plugin.name,
      busySeconds: stats.busySeconds,
      slowdown,
    }));
    return { atSeconds, cpuSeconds: usage().cpuSeconds, plugins };
  }

  return {
    get budget() {
      return state.budget;
    },
    get used() {
      return state.used;
    },
    check(scrapers, budget) {
      state.budget = budget;
      const atSeconds = clock.monotonic() / 1000;
      startedAt ??= atSeconds;
      if (atSeconds - startedAt < graceSeconds) return;
      if (before !== undefined && atSeconds - before.atSeconds < budgetWindowSeconds) return;
      const after = sample(atSeconds, scrapers);
      const former = before;
      before = after;
      if (former === undefined) return;
      state.used = usedBetween(former, after);
      const decision = decideBudget(budget, former, after);
      const scraper = scrapers.find(({ plugin }) => plugin.name === decision?.plugin);
      if (decision === undefined || scraper === undefined) return;
      const slower = decision.slowdown > scraper.slowdown;
      scraper.slowdown = decision.slowdown;
      log.warn(
        slower ? 'over the CPU budget: the dearest plugin is asked less often' : 'a plugin is asked more often again',
        {
          plugin: decision.plugin,
          everyMs: scraper.intervalMs,
          pluginPercent: percent(decision.ofPlugin),
          agentPercent: percent(decision.used),
          budgetPercent: percent(budget),
        },
      );
    },
  };
}

function percent(share: number): number {
  return Math.round(share * 10_000) / 100;
}

/** @returns CPU seconds per second between two samples */
export function usedBetween(before: BudgetSample, after: BudgetSample): number {
  return (after.cpuSeconds - before.cpuSeconds) / (after.atSeconds - before.atSeconds);
}

/**
 * One step towards the budget: the dearest plugin half as often (a quarter when twice the budget is used), or, when
 * there is room, the one that was slowed down most twice as often.
 *
 * @param budget  share of a core; 0 for none
 * @returns undefined when all is to stay as it is
 */
export function decideBudget(budget: number, before: BudgetSample, after: BudgetSample): BudgetDecision | undefined {
  const seconds = after.atSeconds - before.atSeconds;
  if (budget <= 0 || seconds <= 0) return undefined;
  const used = usedBetween(before, after);
  const costs = after.plugins.map(({ name, busySeconds, slowdown }) => {
    const former = before.plugins.find((one) => one.name === name)?.busySeconds ?? busySeconds;
    return { name, slowdown, share: Math.max(0, busySeconds - former) / seconds };
  });
  if (used > budget) {
    const dearest = costs.filter(({ slowdown }) => slowdown < mostSlowdown).toSorted((a, b) => b.share - a.share)[0];
    if (dearest === undefined || dearest.share < budget * leastShare) return undefined;
    const slowdown = Math.min(mostSlowdown, dearest.slowdown * (used > 2 * budget ? 4 : 2));
    return { plugin: dearest.name, slowdown, used, ofPlugin: dearest.share };
  }
  const slowest = costs.filter(({ slowdown }) => slowdown > 1).toSorted((a, b) => b.slowdown - a.slowdown)[0];
  // Twice as often costs it twice as much.
  if (slowest === undefined || used + slowest.share > budget * comfortable) return undefined;
  return { plugin: slowest.name, slowdown: Math.max(1, slowest.slowdown / 2), used, ofPlugin: slowest.share };
}
