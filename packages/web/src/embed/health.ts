/** `tarsier-health`, with what it needs: `import '@tarsier/web/health'`. */
import { TarsierHealth } from '../elements/tarsier-health/tarsier-health.ts';
import { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';
import { TarsierStat } from '../elements/tarsier-stat/tarsier-stat.ts';
import { defineInPage } from '../register.ts';

defineInPage([
  ['tarsier-provider', TarsierProvider],
  ['tarsier-stat', TarsierStat],
  ['tarsier-health', TarsierHealth],
]);

export { TarsierHealth, TarsierProvider };
