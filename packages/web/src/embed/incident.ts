/** `tarsier-incident`, with what it needs: `import '@tarsier/web/incident'`. */
import { TarsierChart } from '../elements/tarsier-chart/tarsier-chart.ts';
import { TarsierIncident } from '../elements/tarsier-incident/tarsier-incident.ts';
import { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';
import { defineInPage } from '../register.ts';

defineInPage([
  ['tarsier-provider', TarsierProvider],
  ['tarsier-chart', TarsierChart],
  ['tarsier-incident', TarsierIncident],
]);

export { TarsierIncident, TarsierProvider };
