import type { EventTuner } from '../../alert/event-tuner.ts';
import { hostDetectors, seriesDetectors } from '../../detect/registry.ts';
import type { Storage } from '../../storage/storage.ts';
import type { TenantScope } from '../../tenant.ts';
import type { Api } from '../api/call.ts';

/** `/v1/detection/budget`, `/settings` and `/detectors`, `/v1/anomalies/feedback` and `/v1/anomalies/events/:id/feedback`. */
export function detectionRoutes(
  api: Api,
  { storage, tuner }: { readonly storage: Pick<Storage, 'detectionTuning'>; readonly tuner: EventTuner },
): void {
  api.on('GET /v1/detection/budget', ({ tenant }) => tuner.budget(tenant));
  api.on('PUT /v1/detection/budget', {
    current: ({ tenant }) => tuner.budget(tenant),
    handle: ({ tenant, body }) => tuner.setBudget(tenant, body),
  });
  api.on('GET /v1/detection/detectors', () => ({
    detectors: [
      ...seriesDetectors.map(({ name, summary }) => ({ name, summary, of: 'series' as const })),
      ...hostDetectors.map(({ name, summary }) => ({ name, summary, of: 'host' as const })),
    ],
  }));
  api.on('GET /v1/detection/settings', async ({ tenant }) => ({
    settings: await storage.detectionTuning.settings(tenant),
  }));
  api.on('POST /v1/detection/settings', ({ tenant, body }) => tuner.addSetting(tenant, body));
  api.on('DELETE /v1/detection/settings/{id}', {
    current: async ({ tenant, params: { id } }) =>
      (await storage.detectionTuning.settings(tenant)).find((setting) => setting.id === id),
    handle: ({ tenant, params: { id } }) => tuner.deleteSetting(tenant, id),
  });
  const said = async ({ tenant, params: { id } }: { tenant: TenantScope; params: { readonly id: string } }) =>
    (await storage.detectionTuning.feedback(tenant)).find(({ eventId }) => eventId === id);
  api.on('GET /v1/anomalies/feedback', async ({ tenant }) => ({
    feedback: await storage.detectionTuning.feedback(tenant),
  }));
  api.on('PUT /v1/anomalies/events/{id}/feedback', {
    current: said,
    handle: ({ tenant, params: { id }, body }) => tuner.judge(tenant, id, body),
  });
  api.on('DELETE /v1/anomalies/events/{id}/feedback', {
    current: said,
    handle: ({ tenant, params: { id } }) => tuner.takeBack(tenant, id),
  });
}
