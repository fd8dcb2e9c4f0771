/** `tarsier-alert-list`, with what it needs: `import '@tarsier/web/alert-list'`. */
import { TarsierAlertList } from '../elements/tarsier-alert-list/tarsier-alert-list.ts';
import { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';
import { defineInPage } from '../register.ts';

defineInPage([
  ['tarsier-provider', TarsierProvider],
  ['tarsier-alert-list', TarsierAlertList],
]);

export { TarsierAlertList, TarsierProvider };
