/** `import '@tarsier/web'` makes the elements available in the page; in Node it only gives the classes. */
import { elements } from './define.ts';
import { defineInPage } from './register.ts';

defineInPage(elements);

export { define, elements } from './define.ts';
export { TarsierTraining } from './elements/tarsier-training/tarsier-training.ts';
export { TarsierConvergence } from './elements/tarsier-convergence/tarsier-convergence.ts';
export { TarsierModelMatrix } from './elements/tarsier-model-matrix/tarsier-model-matrix.ts';
export { TarsierCost } from './elements/tarsier-cost/tarsier-cost.ts';
export { TarsierJobQueue } from './elements/tarsier-job-queue/tarsier-job-queue.ts';
export { TarsierJobs } from './elements/tarsier-jobs/tarsier-jobs.ts';
export { TarsierUsage } from './elements/tarsier-usage/tarsier-usage.ts';
export { TarsierOptimisationScore } from './elements/tarsier-optimisation-score/tarsier-optimisation-score.ts';
export { TarsierBudget } from './elements/tarsier-budget/tarsier-budget.ts';
export { TarsierPerformance } from './elements/tarsier-performance/tarsier-performance.ts';
export { TarsierAlertList } from './elements/tarsier-alert-list/tarsier-alert-list.ts';
export { TarsierAnomalyTimeline } from './elements/tarsier-anomaly-timeline/tarsier-anomaly-timeline.ts';
export { TarsierGauge } from './elements/tarsier-gauge/tarsier-gauge.ts';
export { TarsierHealth } from './elements/tarsier-health/tarsier-health.ts';
export { TarsierHeatmap } from './elements/tarsier-heatmap/tarsier-heatmap.ts';
export { TarsierSparkline } from './elements/tarsier-sparkline/tarsier-sparkline.ts';
export { TarsierStat } from './elements/tarsier-stat/tarsier-stat.ts';
export { TarsierChart } from './elements/tarsier-chart/tarsier-chart.ts';
export { TarsierConnection } from './elements/tarsier-connection/tarsier-connection.ts';
export { TarsierHost } from './elements/tarsier-host/tarsier-host.ts';
export { TarsierHostGrid } from './elements/tarsier-host-grid/tarsier-host-grid.ts';
export { TarsierIncident } from './elements/tarsier-incident/tarsier-incident.ts';
export { TarsierOnboarding } from './elements/tarsier-onboarding/tarsier-onboarding.ts';
export { TarsierProvider } from './elements/tarsier-provider/tarsier-provider.ts';
export { TarsierTimeRange } from './elements/tarsier-time-range/tarsier-time-range.ts';
export type {
  Connection,
  DataSource,
  HeldSeries,
  LiveQuery,
  LiveSubscription,
  Loadable,
  SourceError,
} from './data/source.ts';
export type { Readable } from './data/store.ts';
