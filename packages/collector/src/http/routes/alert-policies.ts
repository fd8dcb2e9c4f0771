import { TarsierError } from '@tarsier/protocol';
import {
  newInhibitionSchema,
  newOverrideSchema,
  newRotationSchema,
  newRouteSchema,
  newSilenceSchema,
} from '@tarsier/protocol/api';
import { Hono } from 'hono';
import type { z } from 'zod';
import { compileLabelTest } from '../../alert/pipeline/alert-labels.ts';
import type { Pipeline } from '../../alert/pipeline/pipeline.ts';
import type { PolicyStore } from '../../storage/alert-policies.ts';
import type { Storage } from '../../storage/storage.ts';
import type { TenantScope } from '../../tenant.ts';
import type { AppEnv } from '../app-env.ts';
import { requireScope } from '../../tenancy/authenticate.ts';
import { jsonBody } from '../json-body.ts';
import { parse } from '../parse.ts';

export interface AlertPolicyDeps {
  readonly storage: Pick<Storage, 'alertPolicies' | 'channels'>;
  readonly pipeline: Pick<Pipeline, 'reloadPolicies'>;
}

/**
 * `/v1/routes`, `/v1/silences`, `/v1/inhibitions`, `/v1/rotations` and `/v1/overrides`: `GET`, `POST`, `PUT /:id`,
 * `DELETE /:id`. They count at once.
 */
export function alertPolicyRoutes(deps: AlertPolicyDeps): Hono<AppEnv> {
  const { routes, silences, inhibitions, rotations, overrides } = deps.storage.alertPolicies;
  const checkMatchers = (...some: readonly (readonly string[])[]): void => {
    for (const matchers of some) compileLabelTest(matchers);
  };
  async function checkRotations(
    scope: TenantScope,
    ids: readonly string[],
    code: string,
    field: string,
  ): Promise<void> {
    const known = new Set((await rotations.list(scope)).map(({ id }) => id));
    refuseUnknown(ids, known, 'rotation', code, field);
  }
  async function checkChannels(scope: TenantScope, ids: readonly string[], code: string, field: string): Promise<void> {
    const known = new Set((await deps.storage.channels.list(scope)).map(({ id }) => id));
    refuseUnknown(ids, known, 'channel', code, field);
  }
  return new Hono<AppEnv>()
    .route(
      '/routes',
      policyRoutes(deps, 'routes', newRouteSchema, routes, async (scope, { matchers, onCall, escalation }) => {
        checkMatchers(matchers);
        const called = [...onCall, ...escalation.flatMap((step) => step.onCall)];
        await checkRotations(scope, called, 'routes/body', 'onCall');
      }),
    )
    .route(
      '/silences',
      policyRoutes(deps, 'silences', newSilenceSchema, silences, (_, { matchers }) => checkMatchers(matchers)),
    )
    .route(
      '/inhibitions',
      policyRoutes(deps, 'inhibitions', newInhibitionSchema, inhibitions, (_, { source, target }) =>
        checkMatchers(source, target),
      ),
    )
    .route(
      '/rotations',
      policyRoutes(deps, 'rotations', newRotationSchema, rotations, (scope, { people }) =>
        checkChannels(
          scope,
          people.flatMap(({ channels }) => channels),
          'rotations/body',
          'people',
        ),
      ),
    )
    .route(
      '/overrides',
      policyRoutes(deps, 'overrides', newOverrideSchema, overrides, async (scope, override) => {
        const { rotationId, person, channels } = override;
        await checkRotations(scope, [rotationId], 'overrides/body', 'rotationId');
        if (channels !== undefined) return checkChannels(scope, channels, 'overrides/body', 'channels');
        const rotation = (await rotations.list(scope)).find(({ id }) => id === rotationId);
        if (rotation?.people.some(({ name }) => name === person) === true) return;
        const expected = rotation?.people.map(({ name }) => name).join(', ') ?? '';
        const message = `person: expected one of ${expected}, or channels of somebody else, got ${JSON.stringify(person)}`;
        throw new TarsierError('overrides/body', message, { field: 'person' });
      }),
    );
}

function refuseUnknown(
  ids: readonly string[],
  known: ReadonlySet<string>,
  what: string,
  code: string,
  field: string,
): void {
  const unknown = ids.find((id) => !known.has(id));
  if (unknown === undefined) return;
  const message = `${field}: expected the id of a ${what}, got ${JSON.stringify(unknown)}`;
  throw new TarsierError(code, message, { field });
}

function policyRoutes<New extends object>(
  { pipeline }: AlertPolicyDeps,
  name: string,
  schema: z.ZodType<New>,
  store: PolicyStore<New, New & { readonly id: string }>,
  /** Throws where it can't be. */
  check: (scope: TenantScope, policy: New) => void | Promise<void>,
): Hono<AppEnv> {
  const checked = async (scope: TenantScope, body: unknown): Promise<New> => {
    const policy = parse(schema, body, `${name}/body`);
    await check(scope, policy);
    return policy;
  };
  const missing = (id: string): TarsierError =>
    new TarsierError('http/not-found', `there is nothing of id ${id} in ${name}`);
  return new Hono<AppEnv>()
    .get('/', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      return c.json({ [name]: await store.list(identity.tenant) });
    })
    .post('/', async (c) => {
      const { tenant } = requireWrite(c.get('identity'));
      const made = await store.create(tenant, await checked(tenant, await jsonBody(c)));
      await pipeline.reloadPolicies(tenant);
      return c.json(made, 201);
    })
    .put('/:id', async (c) => {
      const { tenant } = requireWrite(c.get('identity'));
      const id = c.req.param('id');
      const changed = await store.replace(tenant, id, await checked(tenant, await jsonBody(c)));
      if (changed === undefined) throw missing(id);
      await pipeline.reloadPolicies(tenant);
      return c.json(changed);
    })
    .delete('/:id', async (c) => {
      const { tenant } = requireWrite(c.get('identity'));
      const id = c.req.param('id');
      if (!(await store.delete(tenant, id))) throw missing(id);
      await pipeline.reloadPolicies(tenant);
      return c.body(null, 204);
    });
}

function requireWrite<I extends Parameters<typeof requireScope>[0]>(identity: I): I {
  requireScope(identity, 'write');
  return identity;
}
