import { z } from 'zod';
import { formatUsd, parseUsd } from '../money.ts';
import { defineOperations, many, next, pageParameters, unixMs } from './operation.ts';

export const usdSchema = z.string().refine((text) => (parseUsd(text) ?? -1) >= 0, {
  message: 'expected USD as decimal text, as in "12.50", at most 9000000',
});
/** Of an answer. */
export const usdText = z.string().describe('USD, as decimal text.');

export const budgetKinds = ['jobs', 'job-type', 'team', 'agent', 'model'] as const;
const period = z.enum(['day', 'month']);

/** `PUT /v1/budgets/{id}`. */
export const newBudgetSchema = z
  .object({
    kind: z.enum(budgetKinds),
    target: z
      .string()
      .min(1)
      .max(200)
      .default('*')
      .describe('Which job type, team, agent or model; `*` for all jobs. A team is the label `team` of its series.'),
    period: period.default('month').describe('UTC.'),
    amount: usdSchema,
    minimum: usdSchema.exactOptional().describe('A rebalancing leaves it at least so much; 0 unless given.'),
    maximum: usdSchema.exactOptional().describe('A rebalancing gives it at most so much; no limit unless given.'),
    weight: z
      .number()
      .min(0)
      .max(1_000)
      .default(1)
      .describe('How much a dollar that it wants counts beside one of another budget.'),
    automatic: z.boolean().default(false).describe('Whether a rebalancing may move it without being asked.'),
  })
  .superRefine(({ minimum, maximum }, context) => {
    if (minimum === undefined || maximum === undefined) return;
    const [low, high] = [parseUsd(minimum) ?? 0, parseUsd(maximum) ?? 0];
    if (low <= high) return;
    const message = `expected at least the minimum, ${formatUsd(low)}`;
    context.addIssue({ code: 'custom', path: ['maximum'], message });
  });

const stored = { ...newBudgetSchema.shape, minimum: usdText.exactOptional(), maximum: usdText.exactOptional() };
const budgetAnswer = z.object({ ...stored, id: z.string(), amount: usdText }).meta({ id: 'SpendingBudget' });
export type SpendingBudget = z.infer<typeof budgetAnswer>;

const shownBudget = z
  .object({
    ...budgetAnswer.shape,
    spent: usdText.exactOptional().describe('Since the period began; absent where nothing is metered.'),
    reserved: usdText.exactOptional().describe('Of jobs: set aside for those that run.'),
    unpriced: many(z.string())
      .exactOptional()
      .describe('Models that were used and have no price: what they cost is missing in `spent`.'),
  })
  .meta({ id: 'BudgetState' });
export type BudgetState = z.infer<typeof shownBudget>;

const daySpend = z.object({ day: z.string().describe('UTC: `2026-11-30`.'), spent: usdText });

const budgetChange = z
  .object({
    id: z.string(),
    at: unixMs,
    by: z.string(),
    kind: z.enum(['set', 'deleted', 'rebalanced', 'undone']),
    from: usdText.nullable().describe('Its amount before; null for a new one.'),
    to: usdText.nullable().describe('Its amount afterwards; null when it was deleted.'),
    reason: z.string().exactOptional(),
    rebalance: z.string().exactOptional().describe('Id of the rebalancing that it is a part of.'),
  })
  .meta({ id: 'BudgetChange' });
export type BudgetChange = z.infer<typeof budgetChange>;

const range = z.object({ mean: usdText, low: usdText, high: usdText });
const ratio = z.number().describe('0 to 1.');

const budgetMove = z
  .object({
    budget: z.string(),
    kind: z.enum(budgetKinds),
    target: z.string(),
    from: usdText,
    to: usdText,
    delta: z.string().describe('USD, as decimal text, with a `-` where it gets less.'),
    bounds: z.object({ low: usdText, high: usdText }).describe('By its minimum and maximum and the largest step.'),
    demand: range.describe('What it will want in a period; 80 % interval.'),
    served: z.object({ from: usdText, to: usdText }).describe('Of that, what the amount would pay for on average.'),
    marginal: z
      .object({ from: z.number(), to: z.number() })
      .describe('Value of one dollar more: the chance that it is wanted, times its weight and its success.'),
    success: ratio.describe('Share of its calls that did not fail; 1 where none are counted.'),
    exhausted: z.object({ periods: z.int(), of: z.int() }).describe('How often it was spent wholly before.'),
    confidence: ratio.describe('Share of the drawn futures in which all moves together gain.'),
    reason: z.string(),
  })
  .meta({ id: 'BudgetMove' });
export type BudgetMove = z.infer<typeof budgetMove>;

export const rebalanceSchema = z
  .object({
    kind: z.literal('budget.rebalance'),
    version: z.literal(1),
    id: z.string().describe('That of the job that made it.'),
    createdAt: unixMs,
    state: z.enum(['proposed', 'applied', 'undone']),
    appliedAt: unixMs.exactOptional(),
    appliedBy: z.string().exactOptional(),
    undoneAt: unixMs.exactOptional(),
    undoneBy: z.string().exactOptional(),
    currency: z.literal('USD'),
    period,
    method: z.string(),
    total: z.object({ from: usdText, to: usdText }),
    moves: many(budgetMove).describe('Every budget that took part; those that stay have `from` = `to`.'),
    unmet: z
      .object({ from: range, to: range })
      .describe('What would be wanted beyond the amounts, in a period, as they are and as proposed; 80 % interval.'),
    gain: range.describe('Value that the moves add in a period: wanted dollars served, by weight and success.'),
    backtest: z
      .object({
        fitDays: z.int(),
        testDays: z.int(),
        rows: many(
          z.object({
            name: z.enum(['rebalanced', 'as-it-was', 'by-mean']),
            unmet: usdText.describe('What was wanted beyond the amounts, in the days that it was tried on.'),
            served: ratio.describe('Share of the wanted value that the amounts paid for.'),
          }),
        ),
      })
      .exactOptional()
      .describe('Amounts by the first days, tried on the last ones; absent where there are too few.'),
    isBetter: z
      .boolean()
      .describe('On days that it did not know it served more than as it was, and no less than by mean.'),
    verdict: z.string(),
    unpriced: many(z.string()),
    left: many(z.object({ budget: z.string(), reason: z.string() })).describe('Budgets that took no part, and why.'),
  })
  .meta({ id: 'Rebalance' });
/** Result of `budget.rebalance`. */
export type Rebalance = z.infer<typeof rebalanceSchema>;

const amounts = z.object({
  amounts: z
    .record(z.string().min(1).max(100), usdSchema)
    .exactOptional()
    .describe('Other amounts than the proposed ones, by budget; those that are not named stay as they are now.'),
});

const simulation = z
  .object({
    total: z.object({ from: usdText, to: usdText }),
    moves: many(
      z.object({
        budget: z.string(),
        from: usdText,
        to: usdText,
        served: z.object({ from: usdText, to: usdText }),
      }),
    ),
    unmet: z.object({ from: range, to: range }),
    gain: range,
    broken: many(z.string()).describe('Constraints that these amounts break, in words; such are not applied.'),
  })
  .meta({ id: 'RebalanceSimulation' });
export type RebalanceSimulation = z.infer<typeof simulation>;

const tag = 'budgets';

export const budgetOperations = defineOperations({
  'GET /v1/budgets': {
    summary: 'How much may be spent, and how much was',
    tag,
    scope: 'read',
    status: 200,
    answer: z.object({ budgets: many(shownBudget) }),
  },
  'GET /v1/budgets/{id}': {
    summary: 'A budget, and what was spent of it day by day',
    tag,
    scope: 'read',
    query: z.object({
      days: z.coerce.number().int().min(1).max(400).default(31),
    }),
    status: 200,
    answer: z.object({ budget: shownBudget, days: many(daySpend).describe('Oldest first; today is not over.') }),
    refusals: [404],
  },
  'PUT /v1/budgets/{id}': {
    summary: 'Sets how much may be spent',
    tag,
    scope: 'admin',
    body: newBudgetSchema,
    status: 200,
    answer: budgetAnswer,
  },
  'DELETE /v1/budgets/{id}': {
    summary: 'Takes a budget away',
    tag,
    scope: 'admin',
    status: 204,
    refusals: [404],
  },
  'GET /v1/budgets/{id}/changes': {
    summary: 'What its amount was before, newest first; also of one that was deleted',
    tag,
    scope: 'read',
    query: z.object(pageParameters),
    status: 200,
    answer: z.object({ changes: many(budgetChange), next }),
  },
  'GET /v1/rebalances': {
    summary: 'What `budget.rebalance` has proposed, newest first',
    tag,
    scope: 'read',
    query: z.object(pageParameters),
    status: 200,
    answer: z.object({ rebalances: many(rebalanceSchema), next }),
  },
  'GET /v1/rebalances/{id}': {
    summary: 'A proposal, and what became of it',
    tag,
    scope: 'read',
    status: 200,
    answer: rebalanceSchema,
    refusals: [404],
  },
  'POST /v1/rebalances/{id}/simulate': {
    summary: 'What the proposed amounts, or others, would do',
    tag,
    scope: 'read',
    body: amounts,
    status: 200,
    answer: simulation,
    refusals: [404],
    readOnly: true,
  },
  'POST /v1/rebalances/{id}/apply': {
    summary: 'Sets the proposed amounts, or others; all or none',
    description: 'Refused when a budget has another amount than the proposal began with.',
    tag,
    scope: 'admin',
    body: amounts,
    status: 200,
    answer: rebalanceSchema,
    refusals: [404, 409],
  },
  'POST /v1/rebalances/{id}/undo': {
    summary: 'Goes back to the amounts from before; all or none',
    description: 'Refused when a budget was changed since.',
    tag,
    scope: 'admin',
    status: 200,
    answer: rebalanceSchema,
    refusals: [404, 409],
  },
});
