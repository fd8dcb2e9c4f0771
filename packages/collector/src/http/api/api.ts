/** Puts operations on the router: who may, what is checked, how it is answered and noted is the same for all of them. */
import { isRaw, operations, type Operation, type OperationKey } from '@tarsier/protocol/api';
import type { Context, Hono } from 'hono';
import type { Storage } from '../../storage/storage.ts';
import { requireOperation } from '../../tenancy/permissions.ts';
import type { AppEnv } from '../app-env.ts';
import { jsonBody } from '../json-body.ts';
import { parse } from '../parse.ts';
import { readBody } from '../body.ts';
import { clientGone } from '../client-gone.ts';
import type { TenantScope } from '../../tenant.ts';
import { createMakeChange, type After } from './change.ts';
import type { Api, Call } from './call.ts';
import { etagOf, isKnown, requireMatch } from './etag.ts';
import { createOnce, keepNothing, type Keep } from './once.ts';
import { requireStorable } from './storable.ts';

const maxRawBytes = 1024 * 1024;

export interface ApiDeps {
  readonly storage: Pick<Storage, 'audit' | 'change' | 'idempotency'>;
  readonly now: () => number;
  /** Is told of operations that change what is there and can't say what that was. */
  readonly onNoBefore?: (key: OperationKey) => void;
}

export function createApi(app: Hono<AppEnv>, { storage, now, onNoBefore = () => {} }: ApiDeps): Api {
  const once = createOnce({ storage, now });
  const makeChange = createMakeChange({ storage, now });
  return {
    on(key, does) {
      const operation: Operation = operations[key];
      const { handle, current, apart } =
        typeof does === 'function' ? { handle: does, current: undefined, apart: undefined } : does;
      const [method = '', path = ''] = key.split(' ');
      const isNoted = isAudited(method, operation);
      const isOfOne = method !== 'POST' || path.includes('{');
      if (isNoted && isOfOne && current === undefined) {
        onNoBefore(key);
      }
      app.on(method, path.replaceAll(/\{(\w+)\}/gu, ':$1'), async (c) => {
        if (operation.scope !== 'public') requireOperation(c.get('identity'), operation);
        const call = await callOf<typeof key>(c, operation, isNoted);
        if (!isNoted) {
          const ifMatch = c.req.header('if-match');
          if (ifMatch !== undefined) requireMatch(await current?.(call), ifMatch);
          return respond(c, operation, await handle(call));
        }
        const answer = async (keep: Keep): Promise<Response> => {
          let response: Response | undefined;
          const options = {
            action: key,
            secret: operation.secret,
            apart,
            lock: isOfOne ? resourceOf(path, c.req.param()) : undefined,
            current: current === undefined ? undefined : (tenant: TenantScope) => current(withMore(call, { tenant })),
          };
          await makeChange(c, options, async (tenant, after) => {
            const value: unknown = await handle(withMore(call, { tenant, after }));
            response = respond(c, operation, value);
            await keep(tenant, response);
            return value;
          });
          if (response === undefined) throw new Error('a change was made and not answered');
          return response;
        };
        return method === 'POST' ? once(c, operation, call.body, answer) : answer(keepNothing);
      });
    },
  };
}

/** Whether it changes something that people decide: samples are facts, and counted elsewhere. */
function isAudited(method: string, { readOnly, tag, scope }: Operation): boolean {
  return method !== 'GET' && readOnly !== true && tag !== 'samples' && scope !== 'public';
}

/** What is changed, whatever is done to it: `/v1/keys/17` of `/v1/keys/{id}/rotate`. */
function resourceOf(path: string, params: Readonly<Record<string, string>>): string {
  const end = path.lastIndexOf('}');
  const resource = end === -1 ? path : path.slice(0, end + 1);
  return resource.replaceAll(/\{(\w+)\}/gu, (_, name: string) => params[name] ?? '');
}

/** @throws {TarsierError} `http/parameter`, `http/body`, and those of {@link jsonBody} */
async function callOf<K extends OperationKey>(
  c: Context<AppEnv>,
  operation: Operation,
  isNoted: boolean,
): Promise<Call<K>> {
  const params = c.req.param();
  requireStorable(params, 'http/parameter');
  const query =
    operation.query === undefined ? undefined : parse(operation.query, queryOf(c, operation), 'http/parameter');
  const { body: schema } = operation;
  const body =
    schema === undefined || isRaw(schema)
      ? undefined
      : parse(schema, await jsonBody(c, operation.maxBodyBytes), 'http/body');
  // Before the change begins: a client that sends slowly holds up nobody.
  const raw =
    isNoted && schema !== undefined && isRaw(schema)
      ? await readBody(c, operation.maxBodyBytes ?? maxRawBytes)
      : undefined;
  const identity = c.get('identity');
  const after: After = (work) => work();
  const call = {
    ...{ c, identity, tenant: identity?.tenant, params, query, body, raw, after },
  };
  // Made for those who look at it.
  let signal: AbortSignal | undefined;
  Object.defineProperty(call, 'signal', { get: () => (signal ??= clientGone(c)) });
  // What the schemas of this operation have just made of it; the identity of a public one is never looked at.
  return call as unknown as Call<K>;
}

/** A call in a change's transaction. It is not copied: that would look at what is made for those who look at it. */
function withMore<K extends OperationKey>(call: Call<K>, more: Partial<Call<K>>): Call<K> {
  // What it has not of its own it has of the call.
  return Object.create(call, Object.getOwnPropertyDescriptors(more)) as Call<K>;
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

/** What is frozen is the same each time: its text is made once. */
const texts = new WeakMap<object, { readonly body: string; readonly etag: string }>();

function textOf(answered: unknown): { readonly body: string; readonly etag: string } {
  const isKept = typeof answered === 'object' && answered !== null && Object.isFrozen(answered);
  const kept = isKept ? texts.get(answered) : undefined;
  if (kept !== undefined) return kept;
  const body = JSON.stringify(answered);
  const text = { body, etag: etagOf(body) };
  if (isKept) texts.set(answered, text);
  return text;
}

function respond(c: Context<AppEnv>, { status }: Operation, answered: unknown): Response {
  if (answered instanceof Response) return answered;
  if (answered === undefined || status === 204 || status === 101) return c.body(null, 204);
  const headers = { 'content-type': 'application/json' };
  if (c.req.method !== 'GET') return c.body(JSON.stringify(answered), status, headers);
  const { body, etag } = textOf(answered);
  if (isKnown(etag, c.req.header('if-none-match'))) return c.body(null, 304, { etag });
  return c.body(body, status, { ...headers, etag });
}
