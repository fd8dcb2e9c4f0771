/**
 * Results of jobs, a file per job type: what is in `result` of a job that has succeeded. Each names its `kind` and
 * `version`; a change that breaks a reader gets another version.
 */
export type { Estimate } from './common.ts';
export * from './cost-optimization.ts';
export * from './detector-training.ts';
export * from './forecasting.ts';
export * from './model-comparison.ts';
export * from './root-cause.ts';
export * from './threshold-tuning.ts';
export * from './weekly-report.ts';
