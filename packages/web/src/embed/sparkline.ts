/** `tarsier-sparkline`, with what it needs: `import '@tarsier/web/sparkline'`. */
import { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';
import { TarsierSparkline } from '../elements/tarsier-sparkline/tarsier-sparkline.ts';
import { defineInPage } from '../register.ts';

defineInPage([
  ['tarsier-provider', TarsierProvider],
  ['tarsier-sparkline', TarsierSparkline],
]);

export { TarsierProvider, TarsierSparkline };
