/** `tarsier-optimisation-score`, with what it needs: `import '@tarsier/web/optimisation-score'`. */
import { TarsierOptimisationScore } from '../elements/tarsier-optimisation-score/tarsier-optimisation-score.ts';
import { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';
import { defineInPage } from '../register.ts';

defineInPage([
  ['tarsier-provider', TarsierProvider],
  ['tarsier-optimisation-score', TarsierOptimisationScore],
]);

export { TarsierOptimisationScore, TarsierProvider };
