/** `tarsier-budget`, with what it needs: `import '@tarsier/web/budget'`. */
import { TarsierBudget } from '../elements/tarsier-budget/tarsier-budget.ts';
import { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';
import { defineInPage } from '../register.ts';

defineInPage([
  ['tarsier-provider', TarsierProvider],
  ['tarsier-budget', TarsierBudget],
]);

export { TarsierBudget, TarsierProvider };
