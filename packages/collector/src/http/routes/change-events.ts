import { TarsierError } from '@tarsier/protocol';
import type { Storage } from '../../storage/storage.ts';
import type { Api } from '../api/call.ts';

/** `/v1/events`: deployments, jobs and settings that were changed, shown beside what followed from them. */
export function changeEventRoutes(api: Api, { storage }: { readonly storage: Pick<Storage, 'changeEvents'> }): void {
  api.on('GET /v1/events', async ({ tenant, query: { host, ...filter } }) => {
    const hosts = host === undefined ? undefined : [host];
    return { events: await storage.changeEvents.list(tenant, { ...filter, hosts }) };
  });
  api.on('POST /v1/events', ({ tenant, body }) => storage.changeEvents.save(tenant, body));
  api.on('DELETE /v1/events/{id}', {
    current: async ({ tenant, params: { id } }) => storage.changeEvents.find(tenant, id),
    async handle({ tenant, params: { id } }) {
      if (!(await storage.changeEvents.delete(tenant, id))) {
        throw new TarsierError('http/not-found', `there is no event ${id}`);
      }
    },
  });
}
