import { TarsierError } from '@tarsier/protocol';
import type { Recommendation } from '@tarsier/protocol/api';
import type { ScoreKeeper } from '../../jobs/tasks/optimise/score-keeper.ts';
import type { Storage } from '../../storage/storage.ts';
import type { TenantScope } from '../../tenant.ts';
import type { Api } from '../api/call.ts';

interface OptimisationRouteDeps {
  readonly storage: Pick<Storage, 'recommendations'>;
  readonly scores: Pick<ScoreKeeper, 'current'>;
  readonly now: () => number;
}

/** `/v1/optimisation`: scores as of now; `/v1/recommendations`: what would make them better, and what people do about it. */
export function optimisationRoutes(
  api: Api,
  { storage: { recommendations }, scores, now }: OptimisationRouteDeps,
): void {
  api.on('GET /v1/optimisation', ({ tenant }) => scores.current(tenant));
  api.on('GET /v1/recommendations', async ({ tenant, query }) => {
    const { items, next } = await recommendations.list(tenant, query);
    return { recommendations: items, ...(next === undefined ? {} : { next }) };
  });
  const current = ({
    tenant,
    params: { id },
  }: {
    readonly tenant: TenantScope;
    readonly params: { readonly id: string };
  }) => recommendations.find(tenant, id);
  const changed = async (
    tenant: TenantScope,
    id: string,
    from: readonly Recommendation['state'][],
    change: (one: Recommendation) => Recommendation,
  ): Promise<Recommendation> => {
    const one = await recommendations.change(tenant, id, from, change);
    if (one === undefined) throw new TarsierError('http/not-found', `there is no recommendation ${id}`);
    return one;
  };
  api.on('POST /v1/recommendations/{id}/follow', {
    current,
    handle: ({ tenant, identity, params }) =>
      changed(tenant, params.id, ['open', 'dismissed'], (one) => {
        const at = now();
        return { ...one, state: 'followed', changedAt: at, followedAt: at, followedBy: identity.name };
      }),
  });
  api.on('POST /v1/recommendations/{id}/dismiss', {
    current,
    handle: ({ tenant, params }) =>
      changed(tenant, params.id, ['open'], (one) => ({ ...one, state: 'dismissed', changedAt: now() })),
  });
  api.on('POST /v1/recommendations/{id}/reopen', {
    current,
    handle: ({ tenant, params }) =>
      changed(tenant, params.id, ['dismissed', 'followed'], ({ followedAt: _at, followedBy: _by, ...one }) => ({
        ...one,
        state: 'open',
        changedAt: now(),
      })),
  });
}
