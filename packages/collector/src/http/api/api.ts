/** Puts operations on the router: who may, what is checked, how it is answered and noted is the same for all of them. */
import { isRaw, operations, type Operation, type OperationKey } from '@tarsier/protocol/api';
import type { Context, Hono } from 'hono';
import type { Storage } from '../../storage/storage.ts';
import { requireOperation } from '../../tenancy/permissions.ts';
import type { AppEnv } from '../app-env.ts';
import { jsonBody } from '../json-body.ts';
import { parse } from '../parse.ts';
import { createAuditor, isAudited } from './auditor.ts';
import type { Api, Call } from './call.ts';
import { etagOf, isKnown, requireMatch } from './etag.ts';
import { createOnce } from './once.ts';
import { requireStorable } from './storable.ts';

export interface ApiDeps {
  readonly storage: Pick<Storage, 'audit' | 'idempotency'>;
  readonly now: () => number;
}

export function createApi(app: Hono<AppEnv>, { storage, now }: ApiDeps): Api {
  const once = createOnce({ storage, now });
  const note = createAuditor({ storage, now });
  return {
    on(key, does) {
      const operation: Operation = operations[key];
      const { handle, current } = typeof does === 'function' ? { handle: does, current: undefined } : does;
      const [method = '', path = ''] = key.split(' ');
      const isNoted = isAudited(method, operation);
      app.on(method, path.replaceAll(/\{(\w+)\}/gu, ':$1'), async (c) => {
        if (operation.scope !== 'public') requireOperation(c.get('identity'), operation);
        const call = await callOf<typeof key>(c, operation);
        const answer = async (): Promise<Response> => {
          const ifMatch = c.req.header('if-match');
          const before = isNoted || ifMatch !== undefined ? await current?.(call) : undefined;
          if (ifMatch !== undefined) requireMatch(before, ifMatch);
          const value: unknown = await handle(call);
          if (isNoted) await note(c, key, operation, { before, after: value instanceof Response ? undefined : value });
          return respond(c, operation, value);
        };
        return method === 'POST' && isNoted ? once(c, operation, call.body, answer) : answer();
      });
    },
  };
}

/** @throws {TarsierError} `http/parameter`, `http/body`, and those of {@link jsonBody} */
async function callOf<K extends OperationKey>(c: Context<AppEnv>, operation: Operation): Promise<Call<K>> {
  const params = c.req.param();
  requireStorable(params, 'http/parameter');
  const query =
    operation.query === undefined ? undefined : parse(operation.query, queryOf(c, operation), 'http/parameter');
  const { body: schema } = operation;
  const body =
    schema === undefined || isRaw(schema)
      ? undefined
      : parse(schema, await jsonBody(c, operation.maxBodyBytes), 'http/body');
  const identity = c.get('identity');
  // What the schemas of this operation have just made of it; the identity of a public one is never looked at.
  return { c, identity, tenant: identity?.tenant, params, query, body, signal: c.req.raw.signal } as unknown as Call<K>;
}

/** Each parameter's first value, of those that may come again all of them. */
function queryOf(c: Context<AppEnv>, { repeated = [] }: Operation): Readonly<Record<string, unknown>> {
  const given: Record<string, unknown> = Object.assign(Object.create(null), c.req.query());
  for (const name of repeated) {
    const values = c.req.queries(name);
    if (values !== undefined) given[name] = values;
  }
  requireStorable(given, 'http/parameter');
  return { ...given };
}

function respond(c: Context<AppEnv>, { status }: Operation, answered: unknown): Response {
  if (answered instanceof Response) return answered;
  if (answered === undefined || status === 204 || status === 101) return c.body(null, 204);
  const body = JSON.stringify(answered);
  const headers = { 'content-type': 'application/json' };
  if (c.req.method !== 'GET') return c.body(body, status, headers);
  const etag = etagOf(body);
  if (isKnown(etag, c.req.header('if-none-match'))) return c.body(null, 304, { etag });
  return c.body(body, status, { ...headers, etag });
}
