/** `tarsier-connection`, with what it needs: `import '@tarsier/web/connection'`. */
import { TarsierConnection } from '../elements/tarsier-connection/tarsier-connection.ts';
import { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';
import { defineInPage } from '../register.ts';

defineInPage([
  ['tarsier-provider', TarsierProvider],
  ['tarsier-connection', TarsierConnection],
]);

export { TarsierConnection, TarsierProvider };
