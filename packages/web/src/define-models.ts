import { TarsierTraining } from './elements/tarsier-training/tarsier-training.ts';
import { TarsierConvergence } from './elements/tarsier-convergence/tarsier-convergence.ts';
import { TarsierModelMatrix } from './elements/tarsier-model-matrix/tarsier-model-matrix.ts';
import { TarsierCost } from './elements/tarsier-cost/tarsier-cost.ts';
import { TarsierOptimisationScore } from './elements/tarsier-optimisation-score/tarsier-optimisation-score.ts';
import { TarsierBudget } from './elements/tarsier-budget/tarsier-budget.ts';
import { TarsierPerformance } from './elements/tarsier-performance/tarsier-performance.ts';
import { TarsierJobQueue } from './elements/tarsier-job-queue/tarsier-job-queue.ts';
import { TarsierJobs } from './elements/tarsier-jobs/tarsier-jobs.ts';
import { TarsierUsage } from './elements/tarsier-usage/tarsier-usage.ts';

/** Elements that show jobs and what came of them: the dashboard loads them with the pages that do. */
export const models: readonly (readonly [tag: string, element: CustomElementConstructor])[] = [
  ['tarsier-training', TarsierTraining],
  ['tarsier-convergence', TarsierConvergence],
  ['tarsier-model-matrix', TarsierModelMatrix],
  ['tarsier-cost', TarsierCost],
  ['tarsier-optimisation-score', TarsierOptimisationScore],
  ['tarsier-budget', TarsierBudget],
  ['tarsier-performance', TarsierPerformance],
  ['tarsier-jobs', TarsierJobs],
  ['tarsier-job-queue', TarsierJobQueue],
  ['tarsier-usage', TarsierUsage],
];
