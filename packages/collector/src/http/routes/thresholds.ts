import { TarsierError } from '@tarsier/protocol';
import type { ThresholdProposal } from '@tarsier/protocol/api';
import type { Alerting } from '../../alert/alerting.ts';
import type { EventTuner } from '../../alert/event-tuner.ts';
import type { Storage } from '../../storage/storage.ts';
import type { Api, Call } from '../api/call.ts';

/** Of those that somebody has reported. */
const mostMissed = 10_000;

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

  /** It counts from the next sample, once it holds. */
  function changed({ tenant, params: { id }, after }: Call<Change>, proposal: ThresholdProposal | undefined) {
    if (proposal === undefined) throw missing(`proposal ${id}`);
    after(() => (proposal.target.kind === 'rule' ? alerting.reloadRules(tenant) : tuner.reload(tenant)));
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
    handle: async (call) => changed(call, await thresholds.apply(call.tenant, call.params.id, call.identity.name)),
  });
  api.on('POST /v1/threshold-proposals/{id}/rollback', {
    current,
    handle: async (call) => changed(call, await thresholds.rollBack(call.tenant, call.params.id, call.identity.name)),
  });
  api.on('GET /v1/missed-incidents', async ({ tenant, query }) => {
    const { items: missed, ...rest } = await thresholds.missed(tenant, query);
    return { missed, ...rest };
  });
  api.on('POST /v1/missed-incidents', ({ tenant, identity, body }) =>
    thresholds.reportMissed(tenant, body, identity.name),
  );
  api.on('DELETE /v1/missed-incidents/{id}', {
    current: async ({ tenant, params }) =>
      (await thresholds.missed(tenant, { limit: mostMissed })).items.find(({ id }) => id === params.id),
    async handle({ tenant, params: { id } }) {
      if (!(await thresholds.deleteMissed(tenant, id))) throw missing(`missed incident ${id}`);
    },
  });
}
