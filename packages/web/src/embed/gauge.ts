/** `tarsier-gauge`, with what it needs: `import '@tarsier/web/gauge'`. */
import { TarsierGauge } from '../elements/tarsier-gauge/tarsier-gauge.ts';
import { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';
import { defineInPage } from '../register.ts';

defineInPage([
  ['tarsier-provider', TarsierProvider],
  ['tarsier-gauge', TarsierGauge],
]);

export { TarsierGauge, TarsierProvider };
