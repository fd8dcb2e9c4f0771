import { TarsierError } from '@tarsier/protocol';
import type { Storage } from '../../storage/storage.ts';
import type { Api } from '../api/call.ts';
import { resourceRoutes } from '../api/resource-routes.ts';

/** `/v1/dashboards`: named layouts of elements; `GET /{id}/export` and `POST /import` carry one elsewhere. */
export function dashboardRoutes(
  api: Api,
  { storage: { dashboards } }: { readonly storage: Pick<Storage, 'dashboards'> },
): void {
  api.on('POST /v1/dashboards/import', ({ tenant, body: { dashboard } }) => dashboards.create(tenant, dashboard));
  api.on('GET /v1/dashboards/{id}/export', async ({ c, tenant, params: { id: wanted } }) => {
    const found = (await dashboards.list(tenant)).find((one) => one.id === wanted);
    if (found === undefined) {
      throw new TarsierError('http/not-found', `id: there is no dashboard of id ${wanted}`, { field: 'id' });
    }
    const { id, ...dashboard } = found;
    c.header('content-disposition', `attachment; filename="dashboard-${id}.json"`);
    return { kind: 'tarsier.dashboard', version: 1, dashboard };
  });
  resourceRoutes(api, 'dashboards', { store: dashboards });
}
