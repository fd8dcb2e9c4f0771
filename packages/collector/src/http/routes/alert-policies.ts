import { TarsierError } from '@tarsier/protocol';
import { compileLabelTest } from '../../alert/pipeline/alert-labels.ts';
import { compilePolicies } from '../../alert/pipeline/policies.ts';
import { readPolicies } from '../../alert/pipeline/read-policies.ts';
import { previewRoute } from '../../alert/pipeline/route-preview.ts';
import type { Pipeline } from '../../alert/pipeline/pipeline.ts';
import type { Storage } from '../../storage/storage.ts';
import type { TenantScope } from '../../tenant.ts';
import type { Api } from '../api/call.ts';
import { resourceRoutes } from '../api/resource-routes.ts';

/** `/v1/routes`, `/v1/silences`, `/v1/inhibitions`, `/v1/rotations` and `/v1/overrides`. They count at once. */
export function alertPolicyRoutes(
  api: Api,
  {
    storage,
    pipeline,
    now,
  }: {
    readonly storage: Pick<Storage, 'alertPolicies' | 'channels'>;
    readonly pipeline: Pick<Pipeline, 'reloadPolicies'>;
    readonly now: () => number;
  },
): void {
  const { routes, silences, foreignSilences, inhibitions, rotations, overrides } = storage.alertPolicies;
  const changed = (scope: TenantScope) => pipeline.reloadPolicies(scope);
  const checkMatchers = (...some: readonly (readonly string[])[]): void => {
    for (const matchers of some) compileLabelTest(matchers);
  };
  async function checkRotations(scope: TenantScope, ids: readonly string[], field: string): Promise<void> {
    const known = new Set((await rotations.list(scope)).map(({ id }) => id));
    refuseUnknown(ids, known, 'rotation', field);
  }
  async function checkChannels(scope: TenantScope, ids: readonly string[], field: string): Promise<void> {
    const known = new Set((await storage.channels.list(scope)).map(({ id }) => id));
    refuseUnknown(ids, known, 'channel', field);
  }

  api.on('POST /v1/routes/preview', async ({ tenant, body: { labels } }) =>
    previewRoute(compilePolicies(await readPolicies(storage, tenant)), labels, now()),
  );
  resourceRoutes(api, 'routes', {
    store: routes,
    async check(scope, { matchers, onCall, escalation }) {
      checkMatchers(matchers);
      await checkRotations(scope, [...onCall, ...escalation.flatMap((step) => step.onCall)], 'onCall');
    },
    changed,
  });
  resourceRoutes(api, 'silences', {
    // Those of an Alertmanager are shown, and changed there.
    store: {
      ...silences,
      list: async (scope) => [...(await silences.list(scope)), ...(await foreignSilences.list(scope))],
    },
    check: (_, { matchers }) => checkMatchers(matchers),
    changed,
  });
  resourceRoutes(api, 'inhibitions', {
    store: inhibitions,
    check: (_, { source, target }) => checkMatchers(source, target),
    changed,
  });
  resourceRoutes(api, 'rotations', {
    store: rotations,
    check: (scope, { people }) =>
      checkChannels(
        scope,
        people.flatMap(({ channels }) => channels),
        'people',
      ),
    changed,
  });
  resourceRoutes(api, 'overrides', {
    store: overrides,
    async check(scope, { rotationId, person, channels }) {
      await checkRotations(scope, [rotationId], 'rotationId');
      if (channels !== undefined) return checkChannels(scope, channels, 'channels');
      const rotation = (await rotations.list(scope)).find(({ id }) => id === rotationId);
      if (rotation?.people.some(({ name }) => name === person) === true) return;
      const expected = rotation?.people.map(({ name }) => name).join(', ') ?? '';
      const message = `person: expected one of ${expected}, or channels of somebody else, got ${JSON.stringify(person)}`;
      throw new TarsierError('http/body', message, { field: 'person' });
    },
    changed,
  });
}

function refuseUnknown(ids: readonly string[], known: ReadonlySet<string>, what: string, field: string): void {
  const unknown = ids.find((id) => !known.has(id));
  if (unknown === undefined) return;
  const message = `${field}: expected the id of a ${what}, got ${JSON.stringify(unknown)}`;
  throw new TarsierError('http/body', message, { field });
}
