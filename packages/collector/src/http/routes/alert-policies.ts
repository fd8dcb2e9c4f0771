import { TarsierError } from '@tarsier/protocol';
import { newInhibitionSchema, newRouteSchema, newSilenceSchema } from '@tarsier/protocol/api';
import { Hono } from 'hono';
import type { z } from 'zod';
import { compileLabelTest } from '../../alert/pipeline/alert-labels.ts';
import type { Pipeline } from '../../alert/pipeline/pipeline.ts';
import type { PolicyStore } from '../../storage/alert-policies.ts';
import type { Storage } from '../../storage/storage.ts';
import type { AppEnv } from '../app-env.ts';
import { requireScope } from '../../tenancy/authenticate.ts';
import { jsonBody } from '../json-body.ts';
import { parse } from '../parse.ts';

export interface AlertPolicyDeps {
  readonly storage: Pick<Storage, 'alertPolicies' | 'channels'>;
  readonly pipeline: Pick<Pipeline, 'reloadPolicies'>;
}

/** `/v1/routes`, `/v1/silences` and `/v1/inhibitions`: `GET`, `POST`, `PUT /:id`, `DELETE /:id`. They count at once. */
export function alertPolicyRoutes(deps: AlertPolicyDeps): Hono<AppEnv> {
  const { routes, silences, inhibitions } = deps.storage.alertPolicies;
  return new Hono<AppEnv>()
    .route(
      '/routes',
      policyRoutes(deps, 'routes', newRouteSchema, routes, ({ matchers }) => [matchers]),
    )
    .route(
      '/silences',
      policyRoutes(deps, 'silences', newSilenceSchema, silences, ({ matchers }) => [matchers]),
    )
    .route(
      '/inhibitions',
      policyRoutes(deps, 'inhibitions', newInhibitionSchema, inhibitions, ({ source, target }) => [source, target]),
    );
}

function policyRoutes<New extends object>(
  { pipeline }: AlertPolicyDeps,
  name: string,
  schema: z.ZodType<New>,
  store: PolicyStore<New, New & { readonly id: string }>,
  matchersOf: (policy: New) => readonly (readonly string[])[],
): Hono<AppEnv> {
  const checked = (body: unknown): New => {
    const policy = parse(schema, body, `${name}/body`);
    for (const matchers of matchersOf(policy)) compileLabelTest(matchers);
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
      const made = await store.create(tenant, checked(await jsonBody(c)));
      await pipeline.reloadPolicies(tenant);
      return c.json(made, 201);
    })
    .put('/:id', async (c) => {
      const { tenant } = requireWrite(c.get('identity'));
      const id = c.req.param('id');
      const changed = await store.replace(tenant, id, checked(await jsonBody(c)));
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
