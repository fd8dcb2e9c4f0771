import { parseUsd, TarsierError, type UnixMs } from '@tarsier/protocol';
import { budgetKinds, usdSchema, type Rebalance } from '@tarsier/protocol/api';
import { z } from 'zod';
import type { RebalanceOptions } from '../../../learn/budgeting/rebalance.ts';
import type { StoredBudget } from '../../../storage/budgets.ts';
import { defineJobType, type JobContext } from '../../job-type.ts';
import { samplesAt } from '../ask-engine.ts';
import { amountsOf, basisOf, propose, type Contender } from './propose.ts';
import { readSpend } from './read-spend.ts';

/** A month, as budgets are compared: what is drawn of days. */
const monthDays = 30;
const draws = 500;

export const budgetRebalance = defineJobType({
  name: 'budget.rebalance',
  summary: 'Which budgets should give and which should get, for the same sum, from what was spent and wanted.',
  payload: z.strictObject({
    kind: z.enum(budgetKinds).exclude(['jobs']).default('agent').describe('Budgets of this kind give to each other.'),
    period: z.enum(['day', 'month']).default('month'),
    budgets: z
      .array(z.string().min(1).max(100))
      .min(2)
      .max(200)
      .optional()
      .describe('Only these; all of the kind and period unless given.'),
    days: z.int().min(1).max(120).default(56).describe('How far back it looks.'),
    maxStep: z.number().gt(0).max(1).default(0.25).describe('Largest change of an amount, as a share of it.'),
    unit: usdSchema
      .refine((text) => (parseUsd(text) ?? 0) > 0, 'expected more than 0')
      .default('0.01')
      .describe('USD: amounts change by multiples of it.'),
    apply: z
      .enum(['never', 'if-better'])
      .default('never')
      .describe('if-better: sets the amounts when it was better on days that it did not know, of automatic budgets.'),
    seed: z
      .int()
      .min(0)
      .max(2 ** 31 - 1)
      .default(1),
  }),
  runs: 'thread',
  estimateMs: ({ days }) => 150 + 10 * days,
  async run({ kind, period, budgets: wanted, days, maxStep, unit, apply, seed }, context) {
    const { storage, scope, now, jobId, progress, log } = context;
    const of = (await storage.budgets.list(scope)).filter((one) => one.kind === kind);
    for (const id of wanted ?? []) {
      if (of.some((one) => one.id === id)) continue;
      throw new TarsierError('jobs/budgets', `budgets: there is no budget ${JSON.stringify(id)} for ${kind}s`);
    }
    const spend = await readSpend(context, scope, kind, { count: days, withToday: false, now });
    progress({ ratio: 0.5, message: 'spending read' });
    const left: Rebalance['left'][number][] = [];
    const contenders: Contender[] = [];
    const from = firstDay([...spend.byTarget.values()]);
    const success = await readSuccess(context, kind, days, now);
    for (const budget of of) {
      const why = reasonToStay(budget, period, wanted, spend.byTarget);
      const past = spend.byTarget.get(budget.target);
      if (why !== undefined || past === undefined)
        left.push({ budget: budget.id, reason: why ?? 'nothing is metered' });
      else contenders.push({ budget, days: past.subarray(from), success: success.get(budget.target) ?? 1 });
    }
    if (contenders.length < 2) {
      const reasons = left.map(({ budget, reason }) => `${budget}: ${reason}`).join('; ');
      throw new TarsierError(
        'jobs/budgets',
        `budgets: expected at least 2 by ${period} for ${kind}s with something spent, got ${contenders.length}${reasons === '' ? '' : ` (${reasons})`}`,
      );
    }
    const options: RebalanceOptions = {
      periodDays: period === 'day' ? 1 : monthDays,
      maxStep,
      unit: parseUsd(unit) ?? 1,
      draws,
      seed,
    };
    const proposal = propose(contenders, options, {
      id: jobId,
      createdAt: now,
      period,
      unpriced: [...spend.unpriced],
      left,
    });
    await storage.budgets.propose(scope, proposal, basisOf(contenders, options));
    log('info', 'proposed', { budgets: contenders.length, days: contenders[0]?.days.length ?? 0 });
    if (apply === 'never' || !proposal.isBetter) return proposal;
    return applied(context, proposal, contenders);
  },
});

/** Somebody with the right to set budgets has said of each that it may be moved. */
async function applied(
  { storage, scope, now, jobId, log }: JobContext,
  proposal: Rebalance,
  contenders: readonly Contender[],
): Promise<Rebalance> {
  const asked = proposal.moves.filter(
    ({ budget, from, to }) =>
      from !== to && !contenders.some((one) => one.budget.id === budget && one.budget.automatic),
  );
  if (asked.length > 0) {
    log('warn', 'not applied: these budgets are not automatic', { budgets: asked.map(({ budget }) => budget) });
    return proposal;
  }
  const known = await storage.budgets.rebalance(scope, jobId);
  // A first attempt of this job has applied it.
  if (known?.rebalance.state === 'applied') return known.rebalance;
  return (await storage.budgets.apply(scope, jobId, amountsOf(proposal), { by: `job ${jobId}`, at: now })) ?? proposal;
}

function reasonToStay(
  { id, target, period: its, amount }: StoredBudget,
  period: StoredBudget['period'],
  wanted: readonly string[] | undefined,
  byTarget: ReadonlyMap<string, Float64Array>,
): string | undefined {
  if (wanted !== undefined && !wanted.includes(id)) return 'it was not asked for';
  if (its !== period) return `it is by ${its}`;
  if (target === '*') return 'it is for all of them together';
  if (amount === 0) return 'it is 0, of which no step is a share';
  if (!byTarget.has(target)) return `nothing was metered of ${target}`;
  return undefined;
}

/** Days before anything was metered are no days without demand. */
function firstDay(columns: readonly Float64Array[]): number {
  const firsts = columns.map((days) => days.findIndex((spent) => spent > 0)).filter((at) => at >= 0);
  return firsts.length === 0 ? 0 : Math.min(...firsts);
}

/** Share of calls that did not fail, by target: what failed calls cost serves nobody. */
async function readSuccess(
  context: Pick<JobContext, 'engine' | 'scope' | 'signal'>,
  kind: StoredBudget['kind'],
  days: number,
  time: UnixMs,
): Promise<ReadonlyMap<string, number>> {
  if (kind === 'job-type' || kind === 'jobs') return new Map();
  const counts = async (metric: string): Promise<ReadonlyMap<string, number>> => {
    const query = `sum by (${kind}) (increase(${metric}{${kind}!=""}[${days}d]))`;
    const samples = await samplesAt(context, query, time);
    return new Map(samples.map(({ labels, value }) => [labels.get(kind), value] as const));
  };
  const [calls, errors] = [await counts('llm_calls_total'), await counts('llm_errors_total')];
  return new Map(
    Array.from(calls, ([target, made]) => {
      const failed = Math.min(made, errors.get(target) ?? 0);
      return [target, made > 0 ? 1 - failed / made : 1] as const;
    }),
  );
}
