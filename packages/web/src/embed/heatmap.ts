/** `tarsier-heatmap`, with what it needs: `import '@tarsier/web/heatmap'`. */
import { TarsierHeatmap } from '../elements/tarsier-heatmap/tarsier-heatmap.ts';
import { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';
import { defineInPage } from '../register.ts';

defineInPage([
  ['tarsier-provider', TarsierProvider],
  ['tarsier-heatmap', TarsierHeatmap],
]);

export { TarsierHeatmap, TarsierProvider };
