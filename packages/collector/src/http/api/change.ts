/** A change that somebody makes over the API: what it was made of, itself and its note in the audit log hold together. */
import type { Context } from 'hono';
import type { Storage } from '../../storage/storage.ts';
import type { TenantScope } from '../../tenant.ts';
import { addressOf } from '../address-of.ts';
import type { AppEnv } from '../app-env.ts';
import { requireMatch } from './etag.ts';

/** What is to be done once the change holds: others are told, what was read before is read anew. */
export type After = (work: () => unknown) => void;

export interface ChangeOptions {
  /** As it is noted. */
  readonly action: string;
  /** Changes of the same wait for each other; absent: none has to. */
  readonly lock?: string | undefined;
  /** What comes of it is shown once and not noted. */
  readonly secret?: boolean | undefined;
  /** What is there before, as a client sees it. */
  readonly current?: ((tenant: TenantScope) => Promise<unknown>) | undefined;
  /** It is done elsewhere, in transactions of its own, and noted after it. */
  readonly apart?: boolean | undefined;
}

export type MakeChange = <T>(
  c: Context<AppEnv>,
  options: ChangeOptions,
  /** @param tenant  everything done with it is in the transaction */
  work: (tenant: TenantScope, after: After) => Promise<T>,
) => Promise<T>;

/** @throws {TarsierError} `http/precondition`, and what the work throws; nothing is changed or noted then */
export function createMakeChange({
  storage: { audit, change },
  now,
}: {
  readonly storage: Pick<Storage, 'audit' | 'change'>;
  readonly now: () => number;
}): MakeChange {
  return async (c, { action, lock, secret, current, apart }, work) => {
    const identity = c.get('identity');
    const waiting: (() => unknown)[] = [];
    const ifMatch = c.req.header('if-match');
    const all = async (tenant: TenantScope) => {
      const before = await current?.(tenant);
      if (ifMatch !== undefined) requireMatch(before, ifMatch);
      const value = await work(tenant, (then) => void waiting.push(then));
      const after: unknown = value instanceof Response ? undefined : value;
      await audit.append(tenant, {
        at: now(),
        actor: { kind: identity.by, name: identity.name },
        action,
        target: targetOf(c.req.path, after),
        from: addressOf(c),
        requestId: c.get('requestId'),
        before: before ?? null,
        after: secret === true ? '(hidden)' : (after ?? null),
      });
      return value;
    };
    const value = await (apart === true ? all(identity.tenant) : change(identity.tenant, lock, all));
    for (const then of waiting) await then();
    return value;
  };
}

/** Of what was made, its own address. */
function targetOf(path: string, after: unknown): string {
  if (typeof after !== 'object' || after === null || !('id' in after)) return path;
  const id = String(after.id);
  return path.endsWith(`/${id}`) || path.includes(`/${id}/`) ? path : `${path}/${id}`;
}
