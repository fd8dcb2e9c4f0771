/** `tarsier-host`, with what it needs: `import '@tarsier/web/host'`. */
import { TarsierChart } from '../elements/tarsier-chart/tarsier-chart.ts';
import { TarsierHealth } from '../elements/tarsier-health/tarsier-health.ts';
import { TarsierHost } from '../elements/tarsier-host/tarsier-host.ts';
import { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';
import { TarsierStat } from '../elements/tarsier-stat/tarsier-stat.ts';
import { defineInPage } from '../register.ts';

defineInPage([
  ['tarsier-provider', TarsierProvider],
  ['tarsier-chart', TarsierChart],
  ['tarsier-stat', TarsierStat],
  ['tarsier-health', TarsierHealth],
  ['tarsier-host', TarsierHost],
]);

export { TarsierHost, TarsierProvider };
