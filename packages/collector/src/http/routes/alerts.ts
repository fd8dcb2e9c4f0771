import { TarsierError } from '@tarsier/protocol';
import type { Storage } from '../../storage/storage.ts';
import type { Api } from '../api/call.ts';

/** `GET /v1/alerts`, `GET /v1/anomalies` and `/v1/anomalies/events[/ID]`. */
export function alertRoutes(
  api: Api,
  { storage: { lists, anomalyEvents } }: { readonly storage: Pick<Storage, 'lists' | 'anomalyEvents'> },
): void {
  api.on('GET /v1/alerts', async ({ tenant, query }) => {
    const { items: alerts, ...rest } = await lists.alerts(tenant, query);
    return { alerts, ...rest };
  });
  api.on('GET /v1/anomalies', async ({ tenant, query }) => {
    const { items: anomalies, ...rest } = await lists.anomalies(tenant, query);
    return { anomalies, ...rest };
  });
  api.on('GET /v1/anomalies/events', async ({ tenant, query }) => {
    const { items: events, ...rest } = await lists.anomalyEvents(tenant, query);
    return { events, ...rest };
  });
  api.on('GET /v1/anomalies/events/{id}', async ({ tenant, params: { id } }) => {
    const event = await anomalyEvents.find(tenant, id);
    if (event === undefined) throw new TarsierError('http/not-found', `id: there is no event ${id}`, { field: 'id' });
    return event;
  });
}
