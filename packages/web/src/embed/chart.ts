/** `tarsier-chart`, with what it needs: `import '@tarsier/web/chart'`. */
import { TarsierChart } from '../elements/tarsier-chart/tarsier-chart.ts';
import { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';
import { defineInPage } from '../register.ts';

defineInPage([
  ['tarsier-provider', TarsierProvider],
  ['tarsier-chart', TarsierChart],
]);

export { TarsierChart, TarsierProvider };
