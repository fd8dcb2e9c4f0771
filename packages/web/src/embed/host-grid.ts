/** `tarsier-host-grid`, with what it needs: `import '@tarsier/web/host-grid'`. */
import { TarsierHostGrid } from '../elements/tarsier-host-grid/tarsier-host-grid.ts';
import { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';
import { defineInPage } from '../register.ts';

defineInPage([
  ['tarsier-provider', TarsierProvider],
  ['tarsier-host-grid', TarsierHostGrid],
]);

export { TarsierHostGrid, TarsierProvider };
