/** `tarsier-convergence`, with what it needs: `import '@tarsier/web/convergence'`. */
import { TarsierConvergence } from '../elements/tarsier-convergence/tarsier-convergence.ts';
import { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';
import { defineInPage } from '../register.ts';

defineInPage([
  ['tarsier-provider', TarsierProvider],
  ['tarsier-convergence', TarsierConvergence],
]);

export { TarsierConvergence, TarsierProvider };
