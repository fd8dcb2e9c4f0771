import { incidentActionSchema } from '@tarsier/protocol/api';
import type { IncidentView } from '../../alert/incident/incident-view.ts';
import type { Pipeline } from '../../alert/pipeline/pipeline.ts';
import { dayMs } from '../../storage/hours.ts';
import type { Storage } from '../../storage/storage.ts';
import { signatureOf } from '../../tenancy/signature-of.ts';
import type { Api } from '../api/call.ts';
import { parse } from '../parse.ts';

/** `/v1/incidents`: what people are told of, and what they do about it. */
export function incidentRoutes(
  api: Api,
  {
    storage,
    pipeline,
    incidentView,
  }: {
    readonly storage: Pick<Storage, 'incidents' | 'lists'>;
    readonly incidentView: IncidentView;
    readonly pipeline: Pick<Pipeline, 'act'>;
  },
): void {
  api.on('GET /v1/incidents', async ({ tenant, query }) => {
    const { items: incidents, ...rest } = await storage.lists.incidents(tenant, query);
    return { incidents, ...rest };
  });
  api.on('GET /v1/incidents/{id}', ({ tenant, params: { id } }) => incidentView.view(tenant, id));
  api.on('GET /v1/incidents/{id}/changes', ({ tenant, params: { id }, query: { limit } }) =>
    incidentView.changes(tenant, id, limit),
  );
  api.on('GET /v1/incidents/{id}/chart', async ({ tenant, params: { id } }) => ({
    chart: (await incidentView.chart(tenant, id)) ?? null,
  }));
  api.on('POST /v1/incidents/{id}/{kind}', {
    // By the collector that decides for the tenant, which notes it in the incident's own history with it.
    apart: true,
    current: ({ tenant, params: { id } }) => storage.incidents.find(tenant, id),
    handle({ tenant, identity, params: { id, kind }, body }) {
      const action = parse(incidentActionSchema, { ...body, kind }, 'http/body');
      return pipeline.act(tenant, id, action, action.by ?? signatureOf(identity));
    },
  });
}

/** `/v1/notifications`: what was sent, what was not and why, and how much noise that spared. */
export function notificationRoutes(
  api: Api,
  { storage, now }: { readonly storage: Pick<Storage, 'incidents' | 'lists'>; readonly now: () => number },
): void {
  api.on('GET /v1/notifications', async ({ tenant, query }) => {
    const { items: notifications, ...rest } = await storage.lists.notifications(tenant, query);
    return { notifications, ...rest };
  });
  api.on('GET /v1/notifications/unsent', async ({ tenant, query }) => {
    const { items: unsent, ...rest } = await storage.lists.unsent(tenant, query);
    return { unsent, ...rest };
  });
  api.on('GET /v1/notifications/summary', ({ tenant, query: { days } }) =>
    storage.incidents.summary(tenant, now() - days * dayMs),
  );
}
