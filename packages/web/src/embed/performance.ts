/** `tarsier-performance`, with what it needs: `import '@tarsier/web/performance'`. */
import { TarsierPerformance } from '../elements/tarsier-performance/tarsier-performance.ts';
import { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';
import { defineInPage } from '../register.ts';

defineInPage([
  ['tarsier-provider', TarsierProvider],
  ['tarsier-performance', TarsierPerformance],
]);

export { TarsierPerformance, TarsierProvider };
