/** `tarsier-stat`, with what it needs: `import '@tarsier/web/stat'`. */
import { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';
import { TarsierStat } from '../elements/tarsier-stat/tarsier-stat.ts';
import { defineInPage } from '../register.ts';

defineInPage([
  ['tarsier-provider', TarsierProvider],
  ['tarsier-stat', TarsierStat],
]);

export { TarsierProvider, TarsierStat };
