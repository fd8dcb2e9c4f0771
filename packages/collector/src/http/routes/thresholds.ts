import { TarsierError } from '@tarsier/protocol';
import type { ThresholdProposal } from '@tarsier/protocol/api';
import type { Alerting } from '../../alert/alerting.ts';
import type { EventTuner } from '../../alert/event-tuner.ts';
import type { Storage } from '../../storage/storage.ts';
import type { TenantScope } from '../../tenant.ts';
import type { Api, Call } from '../api/call.ts';

type Change = 'POST /v1/threshold-proposals/{id}/apply' | 'POST /v1/threshold-proposals/{id}/rollback';

/** `/v1/threshold-proposals` and `/v1/missed-incidents`: what the threshold tuner proposes, and learns from. */
export function thresholdRoutes(
  api: Api,
  {
    storage: { thresholds },
    alerting,
    tuner,
  }: {
    readonly storage: Pick<Storage, 'thresholds'>;
    readonly alerting: Pick<Alerting, 'reloadRules'>;
    readonly tuner: Pick<EventTuner, 'reload'>;
  },
): void {
  const missing = (what: string): TarsierError => new TarsierError('http/not-found', `there is no ${what}`);
  const current = ({ tenant, params: { id } }: Call<Change>) => thresholds.find(tenant, id);

  /** It counts from the next sample. */
  async function changed(scope: TenantScope, id: string, proposal: ThresholdProposal | undefined) {
    if (proposal === undefined) throw missing(`proposal ${id}`);
    if (proposal.target.kind === 'rule') await alerting.reloadRules(scope);
    else await tuner.reload(scope);
    return proposal;
  }

  api.on('GET /v1/threshold-proposals', async ({ tenant, query }) => {
    const { items: proposals, ...rest } = await thresholds.list(tenant, query);
    return { proposals, ...rest };
  });
  api.on('GET /v1/threshold-proposals/{id}', async ({ tenant, params: { id } }) => {
    const found = await thresholds.find(tenant, id);
    if (found === undefined) throw missing(`proposal ${id}`);
    return found;
  });
  api.on('POST /v1/threshold-proposals/{id}/apply', {
    current,
    handle: async ({ tenant, identity, params: { id } }) =>
      changed(tenant, id, await thresholds.apply(tenant, id, identity.name)),
  });
  api.on('POST /v1/threshold-proposals/{id}/rollback', {
    current,
    handle: async ({ tenant, identity, params: { id } }) =>
      changed(tenant, id, await thresholds.rollBack(tenant, id, identity.name)),
  });
  api.on('GET /v1/missed-incidents', async ({ tenant, query }) => {
    const { items: missed, ...rest } = await thresholds.missed(tenant, query);
    return { missed, ...rest };
  });
  api.on('POST /v1/missed-incidents', ({ tenant, identity, body }) =>
    thresholds.reportMissed(tenant, body, identity.name),
  );
  api.on('DELETE /v1/missed-incidents/{id}', async ({ tenant, params: { id } }) => {
    if (!(await thresholds.deleteMissed(tenant, id))) throw missing(`missed incident ${id}`);
  });
}
