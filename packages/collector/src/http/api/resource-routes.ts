import { TarsierError } from '@tarsier/protocol';
import type { Body, OperationKey } from '@tarsier/protocol/api';
import type { TenantScope } from '../../tenant.ts';
import type { Answered, Api, Call } from './call.ts';
import { pageOf } from './page-of.ts';

/** Resources that are made, changed and deleted whole, and are few enough to be read at once. */
type Resource = 'routes' | 'silences' | 'inhibitions' | 'rotations' | 'overrides' | 'rules' | 'channels' | 'dashboards';

interface Stored {
  readonly id: string;
}

export interface ResourceStore<New, One extends Stored> {
  list(scope: TenantScope): Promise<readonly One[]>;
  create(scope: TenantScope, body: New): Promise<One>;
  /** @returns undefined when there is none of that id */
  replace(scope: TenantScope, id: string, body: New): Promise<One | undefined>;
  /** @returns whether there was one */
  delete(scope: TenantScope, id: string): Promise<boolean>;
}

interface ResourceOptions<New, One extends Stored> {
  readonly store: ResourceStore<New, One>;
  /** What a schema can't see. @throws {TarsierError} */
  readonly check?: (scope: TenantScope, body: New) => void | Promise<void>;
  /** As it may be shown. */
  readonly show?: (one: One) => One;
  /** What is put in place of another: what was not shown of that is kept. */
  readonly merge?: (body: New, before: One) => New;
  /** Called after each change. */
  readonly changed?: (scope: TenantScope) => Promise<void>;
}

export function resourceRoutes<R extends Resource, One extends Stored>(
  api: Api,
  resource: R,
  {
    store,
    check = () => {},
    show = (one) => one,
    merge = (body) => body,
    changed = () => Promise.resolve(),
  }: ResourceOptions<Body<`POST /v1/${R}`>, One>,
): void {
  type New = Body<`POST /v1/${R}`>;
  const missing = (id: string): TarsierError =>
    new TarsierError('http/not-found', `id: there is nothing of id ${id} in ${resource}`, { field: 'id' });
  const find = async (scope: TenantScope, id: string): Promise<One | undefined> =>
    (await store.list(scope)).find((one) => one.id === id);
  const current = async ({ tenant, params }: Call<OperationKey>): Promise<One | undefined> => {
    const found = await find(tenant, idOf(params));
    return found === undefined ? undefined : show(found);
  };
  /** The five operations of a resource are alike; which one `R` is the compiler does not know here. */
  const answer = (value: unknown) => value as Answered<OperationKey>;
  const on = (key: string, does: Parameters<Api['on']>[1]): void => api.on(key as OperationKey, does);

  on(`GET /v1/${resource}`, async ({ tenant, query }) => {
    const { items, next } = pageOf(await store.list(tenant), ({ id }) => id, query as { readonly limit: number });
    return answer({ [resource]: items.map(show), ...(next === undefined ? {} : { next }) });
  });
  on(`POST /v1/${resource}`, async ({ tenant, body, after }) => {
    await check(tenant, body as New);
    const made = await store.create(tenant, body as New);
    after(() => changed(tenant));
    return answer(show(made));
  });
  on(`GET /v1/${resource}/{id}`, async ({ tenant, params }) => {
    const id = idOf(params);
    const found = await find(tenant, id);
    if (found === undefined) throw missing(id);
    return answer(show(found));
  });
  on(`PUT /v1/${resource}/{id}`, {
    current,
    async handle({ tenant, params, body, after: later }) {
      const id = idOf(params);
      await check(tenant, body as New);
      const before = await find(tenant, id);
      const after = before === undefined ? undefined : await store.replace(tenant, id, merge(body as New, before));
      if (after === undefined) throw missing(id);
      later(() => changed(tenant));
      return answer(show(after));
    },
  });
  on(`DELETE /v1/${resource}/{id}`, {
    current,
    async handle({ tenant, params, after }) {
      const id = idOf(params);
      if (!(await store.delete(tenant, id))) throw missing(id);
      after(() => changed(tenant));
      return answer(undefined);
    },
  });
}

function idOf(params: unknown): string {
  return (params as Stored).id;
}
