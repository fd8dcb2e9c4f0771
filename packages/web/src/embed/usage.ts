/** `tarsier-usage`, with what it needs: `import '@tarsier/web/usage'`. */
import { TarsierUsage } from '../elements/tarsier-usage/tarsier-usage.ts';
import { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';
import { defineInPage } from '../register.ts';

defineInPage([
  ['tarsier-provider', TarsierProvider],
  ['tarsier-usage', TarsierUsage],
]);

export { TarsierUsage, TarsierProvider };
