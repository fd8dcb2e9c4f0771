/** `tarsier-training`, with what it needs: `import '@tarsier/web/training'`. */
import { TarsierTraining } from '../elements/tarsier-training/tarsier-training.ts';
import { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';
import { defineInPage } from '../register.ts';

defineInPage([
  ['tarsier-provider', TarsierProvider],
  ['tarsier-training', TarsierTraining],
]);

export { TarsierTraining, TarsierProvider };
