import { TarsierError } from '@tarsier/protocol';
import { performanceSchema } from '@tarsier/protocol/api';
import type { Storage } from '../../storage/storage.ts';
import type { Api } from '../api/call.ts';

/** `/v1/performance`: what the newest analysis found. */
export function performanceRoutes(api: Api, { storage: { jobs } }: { readonly storage: Pick<Storage, 'jobs'> }): void {
  api.on('GET /v1/performance', async ({ tenant }) => {
    const [job] = await jobs.list(tenant, {
      type: 'performance.analyse',
      state: 'succeeded',
      limit: 1,
      before: undefined,
    });
    const result = performanceSchema.safeParse(job?.result);
    if (job?.finishedAt === undefined || !result.success) {
      throw new TarsierError('http/not-found', 'performance was not analysed yet: submit a job performance.analyse');
    }
    return { job: job.id, finishedAt: job.finishedAt, result: result.data };
  });
}
