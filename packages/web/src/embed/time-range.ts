/** `tarsier-time-range`, with what it needs: `import '@tarsier/web/time-range'`. */
import { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';
import { TarsierTimeRange } from '../elements/tarsier-time-range/tarsier-time-range.ts';
import { defineInPage } from '../register.ts';

defineInPage([
  ['tarsier-provider', TarsierProvider],
  ['tarsier-time-range', TarsierTimeRange],
]);

export { TarsierProvider, TarsierTimeRange };
