/** Every job type, one line each. */
import { jobTypesOf } from './job-type.ts';
import { budgetRebalance } from './tasks/budget/budget-rebalance.ts';
import { modelsCompare } from './tasks/compare/compare.ts';
import { costOptimization } from './tasks/cost/cost-optimization.ts';
import { detectorTrain } from './tasks/detector/train.ts';
import { diagnose } from './tasks/diagnose/diagnose.ts';
import { forecastRun } from './tasks/forecast/run.ts';
import { forecastTrain } from './tasks/forecast/train.ts';
import { optimiseScore } from './tasks/optimise/optimise-score.ts';
import { performanceAnalyse } from './tasks/performance/performance-analyse.ts';
import { reportWeekly } from './tasks/report/weekly.ts';
import { rootCauseAnalyse } from './tasks/root-cause/analyse.ts';
import { thresholdTune } from './tasks/threshold/tune.ts';

/** Threads load the types by it. */
export const jobRegistry = import.meta.url;

export const jobTypes = jobTypesOf([
  budgetRebalance,
  modelsCompare,
  costOptimization,
  detectorTrain,
  diagnose,
  forecastRun,
  forecastTrain,
  optimiseScore,
  performanceAnalyse,
  reportWeekly,
  rootCauseAnalyse,
  thresholdTune,
]);
