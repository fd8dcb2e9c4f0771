/** `tarsier-anomaly-timeline`, with what it needs: `import '@tarsier/web/anomaly-timeline'`. */
import { TarsierAnomalyTimeline } from '../elements/tarsier-anomaly-timeline/tarsier-anomaly-timeline.ts';
import { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';
import { defineInPage } from '../register.ts';

defineInPage([
  ['tarsier-provider', TarsierProvider],
  ['tarsier-anomaly-timeline', TarsierAnomalyTimeline],
]);

export { TarsierAnomalyTimeline, TarsierProvider };
