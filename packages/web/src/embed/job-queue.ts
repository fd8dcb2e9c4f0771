/** `tarsier-job-queue`, with what it needs: `import '@tarsier/web/job-queue'`. */
import { TarsierJobQueue } from '../elements/tarsier-job-queue/tarsier-job-queue.ts';
import { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';
import { defineInPage } from '../register.ts';

defineInPage([
  ['tarsier-provider', TarsierProvider],
  ['tarsier-job-queue', TarsierJobQueue],
]);

export { TarsierJobQueue, TarsierProvider };
