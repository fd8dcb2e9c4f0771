/** Made from the doc tags of the elements by `pnpm generate:web`: React components of them. */
import type { EventName } from '@lit/react';
import { TarsierAlertList as TarsierAlertListElement } from './elements/tarsier-alert-list/tarsier-alert-list.ts';
import { TarsierAnomalyTimeline as TarsierAnomalyTimelineElement } from './elements/tarsier-anomaly-timeline/tarsier-anomaly-timeline.ts';
import { TarsierBudget as TarsierBudgetElement } from './elements/tarsier-budget/tarsier-budget.ts';
import { TarsierChart as TarsierChartElement } from './elements/tarsier-chart/tarsier-chart.ts';
import { TarsierConnection as TarsierConnectionElement } from './elements/tarsier-connection/tarsier-connection.ts';
import { TarsierConvergence as TarsierConvergenceElement } from './elements/tarsier-convergence/tarsier-convergence.ts';
import { TarsierCost as TarsierCostElement } from './elements/tarsier-cost/tarsier-cost.ts';
import { TarsierGauge as TarsierGaugeElement } from './elements/tarsier-gauge/tarsier-gauge.ts';
import { TarsierHealth as TarsierHealthElement } from './elements/tarsier-health/tarsier-health.ts';
import { TarsierHeatmap as TarsierHeatmapElement } from './elements/tarsier-heatmap/tarsier-heatmap.ts';
import { TarsierHost as TarsierHostElement } from './elements/tarsier-host/tarsier-host.ts';
import { TarsierHostGrid as TarsierHostGridElement } from './elements/tarsier-host-grid/tarsier-host-grid.ts';
import { TarsierIncident as TarsierIncidentElement } from './elements/tarsier-incident/tarsier-incident.ts';
import { TarsierJobQueue as TarsierJobQueueElement } from './elements/tarsier-job-queue/tarsier-job-queue.ts';
import { TarsierJobs as TarsierJobsElement } from './elements/tarsier-jobs/tarsier-jobs.ts';
import { TarsierModelMatrix as TarsierModelMatrixElement } from './elements/tarsier-model-matrix/tarsier-model-matrix.ts';
import { TarsierOnboarding as TarsierOnboardingElement } from './elements/tarsier-onboarding/tarsier-onboarding.ts';
import { TarsierOptimisationScore as TarsierOptimisationScoreElement } from './elements/tarsier-optimisation-score/tarsier-optimisation-score.ts';
import { TarsierPerformance as TarsierPerformanceElement } from './elements/tarsier-performance/tarsier-performance.ts';
import { TarsierProvider as TarsierProviderElement } from './elements/tarsier-provider/tarsier-provider.ts';
import { TarsierSparkline as TarsierSparklineElement } from './elements/tarsier-sparkline/tarsier-sparkline.ts';
import { TarsierStat as TarsierStatElement } from './elements/tarsier-stat/tarsier-stat.ts';
import { TarsierTimeRange as TarsierTimeRangeElement } from './elements/tarsier-time-range/tarsier-time-range.ts';
import { TarsierTraining as TarsierTrainingElement } from './elements/tarsier-training/tarsier-training.ts';
import { TarsierUsage as TarsierUsageElement } from './elements/tarsier-usage/tarsier-usage.ts';
import { component } from './react-component.ts';

export const TarsierAlertList = /* @__PURE__ */ component('tarsier-alert-list', TarsierAlertListElement, {
  onTarsierDrill: 'tarsier-drill' as EventName<CustomEvent>,
  onTarsierAction: 'tarsier-action' as EventName<CustomEvent>,
});
export const TarsierAnomalyTimeline = /* @__PURE__ */ component('tarsier-anomaly-timeline', TarsierAnomalyTimelineElement, {
  onTarsierDrill: 'tarsier-drill' as EventName<CustomEvent>,
});
export const TarsierBudget = /* @__PURE__ */ component('tarsier-budget', TarsierBudgetElement, {
  onTarsierAction: 'tarsier-action' as EventName<CustomEvent>,
});
export const TarsierChart = /* @__PURE__ */ component('tarsier-chart', TarsierChartElement, {
  onTarsierCursor: 'tarsier-cursor' as EventName<CustomEvent>,
  onTarsierThreshold: 'tarsier-threshold' as EventName<CustomEvent>,
  onTarsierDrill: 'tarsier-drill' as EventName<CustomEvent>,
});
export const TarsierConnection = /* @__PURE__ */ component('tarsier-connection', TarsierConnectionElement, {});
export const TarsierConvergence = /* @__PURE__ */ component('tarsier-convergence', TarsierConvergenceElement, {
  onTarsierAction: 'tarsier-action' as EventName<CustomEvent>,
});
export const TarsierCost = /* @__PURE__ */ component('tarsier-cost', TarsierCostElement, {});
export const TarsierGauge = /* @__PURE__ */ component('tarsier-gauge', TarsierGaugeElement, {});
export const TarsierHealth = /* @__PURE__ */ component('tarsier-health', TarsierHealthElement, {
  onTarsierDrill: 'tarsier-drill' as EventName<CustomEvent>,
});
export const TarsierHeatmap = /* @__PURE__ */ component('tarsier-heatmap', TarsierHeatmapElement, {
  onTarsierDrill: 'tarsier-drill' as EventName<CustomEvent>,
});
export const TarsierHost = /* @__PURE__ */ component('tarsier-host', TarsierHostElement, {});
export const TarsierHostGrid = /* @__PURE__ */ component('tarsier-host-grid', TarsierHostGridElement, {
  onTarsierDrill: 'tarsier-drill' as EventName<CustomEvent>,
});
export const TarsierIncident = /* @__PURE__ */ component('tarsier-incident', TarsierIncidentElement, {
  onTarsierDrill: 'tarsier-drill' as EventName<CustomEvent>,
  onTarsierAction: 'tarsier-action' as EventName<CustomEvent>,
});
export const TarsierJobQueue = /* @__PURE__ */ component('tarsier-job-queue', TarsierJobQueueElement, {});
export const TarsierJobs = /* @__PURE__ */ component('tarsier-jobs', TarsierJobsElement, {
  onTarsierDrill: 'tarsier-drill' as EventName<CustomEvent>,
  onTarsierAction: 'tarsier-action' as EventName<CustomEvent>,
});
export const TarsierModelMatrix = /* @__PURE__ */ component('tarsier-model-matrix', TarsierModelMatrixElement, {});
export const TarsierOnboarding = /* @__PURE__ */ component('tarsier-onboarding', TarsierOnboardingElement, {
  onTarsierDrill: 'tarsier-drill' as EventName<CustomEvent>,
});
export const TarsierOptimisationScore = /* @__PURE__ */ component('tarsier-optimisation-score', TarsierOptimisationScoreElement, {
  onTarsierAction: 'tarsier-action' as EventName<CustomEvent>,
});
export const TarsierPerformance = /* @__PURE__ */ component('tarsier-performance', TarsierPerformanceElement, {
  onTarsierDrill: 'tarsier-drill' as EventName<CustomEvent>,
});
export const TarsierProvider = /* @__PURE__ */ component('tarsier-provider', TarsierProviderElement, {
  onTarsierConnection: 'tarsier-connection' as EventName<CustomEvent>,
  onTarsierTokenNeeded: 'tarsier-token-needed' as EventName<CustomEvent>,
  onTarsierRangeChange: 'tarsier-range-change' as EventName<CustomEvent>,
});
export const TarsierSparkline = /* @__PURE__ */ component('tarsier-sparkline', TarsierSparklineElement, {});
export const TarsierStat = /* @__PURE__ */ component('tarsier-stat', TarsierStatElement, {
  onTarsierDrill: 'tarsier-drill' as EventName<CustomEvent>,
});
export const TarsierTimeRange = /* @__PURE__ */ component('tarsier-time-range', TarsierTimeRangeElement, {
  onTarsierRangeChange: 'tarsier-range-change' as EventName<CustomEvent>,
});
export const TarsierTraining = /* @__PURE__ */ component('tarsier-training', TarsierTrainingElement, {});
export const TarsierUsage = /* @__PURE__ */ component('tarsier-usage', TarsierUsageElement, {});
