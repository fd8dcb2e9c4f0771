/** `tarsier-model-matrix`, with what it needs: `import '@tarsier/web/model-matrix'`. */
import { TarsierModelMatrix } from '../elements/tarsier-model-matrix/tarsier-model-matrix.ts';
import { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';
import { defineInPage } from '../register.ts';

defineInPage([
  ['tarsier-provider', TarsierProvider],
  ['tarsier-model-matrix', TarsierModelMatrix],
]);

export { TarsierModelMatrix, TarsierProvider };
