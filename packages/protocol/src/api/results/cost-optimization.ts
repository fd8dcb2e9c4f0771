/** What `cost_optimization` answers. Amounts are USD as decimal text. */
import { z } from 'zod';
import { many } from '../operation.ts';
import { methodText } from './common.ts';

const usd = z.string();
const size = z.object({ cores: z.number(), gib: z.number() });

const finding = z.object({
  kind: z.enum(['idle-host', 'over-provisioned', 'uncached-prompts', 'failed-calls', 'long-context', 'dear-model']),
  subject: z.string().describe('A host, or an agent and its model.'),
  advice: z.string(),
  monthly: usd.describe('What it costs in a month as it is.'),
  saving: usd,
  confidence: z.number().describe('0 to 1; `evidence` says what it is made of.'),
  arithmetic: z.string(),
  evidence: z.string(),
});
export type CostFinding = z.infer<typeof finding>;

/** The result of `cost_optimization`. What the job itself cost stands with the job. */
export const costOptimizationSchema = z
  .object({
    kind: z.literal('cost_optimization'),
    version: z.literal(1),
    ...methodText.shape,
    score: z.number().describe('100 for nothing to save.'),
    monthly: usd,
    saving: usd.describe('Expected: each subject’s best, times its confidence.'),
    arithmetic: z.string(),
    findings: many(finding).describe('The largest expected saving first.'),
    hosts: many(
      z.object({
        host: z.string(),
        size,
        monthly: usd,
        wanted: size,
        overflow: z
          .object({ wanted: z.number(), byMean: z.number(), byMaximum: z.number() })
          .describe('Shares of the newest quarter, which no size was chosen by, in which each would not have done.'),
        monthlyOf: z.object({ wanted: usd, byMean: usd, byMaximum: usd }),
      }),
    ),
    unpriced: many(z.string()),
    days: z.int(),
  })
  .meta({ id: 'CostOptimization' });
export type CostOptimization = z.infer<typeof costOptimizationSchema>;
