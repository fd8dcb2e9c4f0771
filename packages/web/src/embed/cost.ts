/** `tarsier-cost`, with what it needs: `import '@tarsier/web/cost'`. */
import { TarsierCost } from '../elements/tarsier-cost/tarsier-cost.ts';
import { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';
import { defineInPage } from '../register.ts';

defineInPage([
  ['tarsier-provider', TarsierProvider],
  ['tarsier-cost', TarsierCost],
]);

export { TarsierCost, TarsierProvider };
