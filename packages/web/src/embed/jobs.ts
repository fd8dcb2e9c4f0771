/** `tarsier-jobs`, with what it needs: `import '@tarsier/web/jobs'`. */
import { TarsierJobs } from '../elements/tarsier-jobs/tarsier-jobs.ts';
import { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';
import { defineInPage } from '../register.ts';

defineInPage([
  ['tarsier-provider', TarsierProvider],
  ['tarsier-jobs', TarsierJobs],
]);

export { TarsierJobs, TarsierProvider };
