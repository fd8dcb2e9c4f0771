import { models } from './define-models.ts';
import { TarsierAnomalyTimeline } from './elements/tarsier-anomaly-timeline/tarsier-anomaly-timeline.ts';
import { TarsierGauge } from './elements/tarsier-gauge/tarsier-gauge.ts';
import { TarsierHealth } from './elements/tarsier-health/tarsier-health.ts';
import { TarsierHeatmap } from './elements/tarsier-heatmap/tarsier-heatmap.ts';
import { TarsierSparkline } from './elements/tarsier-sparkline/tarsier-sparkline.ts';
import { TarsierStat } from './elements/tarsier-stat/tarsier-stat.ts';
import { TarsierAlertList } from './elements/tarsier-alert-list/tarsier-alert-list.ts';
import { TarsierChart } from './elements/tarsier-chart/tarsier-chart.ts';
import { TarsierConnection } from './elements/tarsier-connection/tarsier-connection.ts';
import { TarsierHost } from './elements/tarsier-host/tarsier-host.ts';
import { TarsierHostGrid } from './elements/tarsier-host-grid/tarsier-host-grid.ts';
import { TarsierIncident } from './elements/tarsier-incident/tarsier-incident.ts';
import { TarsierOnboarding } from './elements/tarsier-onboarding/tarsier-onboarding.ts';
import { TarsierProvider } from './elements/tarsier-provider/tarsier-provider.ts';
import { TarsierTimeRange } from './elements/tarsier-time-range/tarsier-time-range.ts';

/** Elements that show what is measured. The provider is first: the others ask it when they are upgraded. */
export const watching: readonly (readonly [tag: string, element: CustomElementConstructor])[] = [
  ['tarsier-provider', TarsierProvider],
  ['tarsier-connection', TarsierConnection],
  ['tarsier-chart', TarsierChart],
  ['tarsier-alert-list', TarsierAlertList],
  ['tarsier-incident', TarsierIncident],
  ['tarsier-host-grid', TarsierHostGrid],
  ['tarsier-host', TarsierHost],
  ['tarsier-onboarding', TarsierOnboarding],
  ['tarsier-time-range', TarsierTimeRange],
  ['tarsier-anomaly-timeline', TarsierAnomalyTimeline],
  ['tarsier-gauge', TarsierGauge],
  ['tarsier-health', TarsierHealth],
  ['tarsier-heatmap', TarsierHeatmap],
  ['tarsier-sparkline', TarsierSparkline],
  ['tarsier-stat', TarsierStat],
];

/** The elements for any page. */
export const elements = [...watching, ...models];

export { define } from './register.ts';
