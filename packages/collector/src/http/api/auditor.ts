import type { Operation, OperationKey } from '@tarsier/protocol/api';
import type { Context } from 'hono';
import type { Storage } from '../../storage/storage.ts';
import type { AppEnv } from '../app-env.ts';

/** Whether it changes something that people decide: samples are facts, and counted elsewhere. */
export function isAudited(method: string, { readOnly, tag, scope }: Operation): boolean {
  return method !== 'GET' && readOnly !== true && tag !== 'samples' && scope !== 'public';
}

/** Notes who changed what; the answer waits for it. */
export function createAuditor({
  storage: { audit },
  now,
}: {
  readonly storage: Pick<Storage, 'audit'>;
  readonly now: () => number;
}) {
  return async (
    c: Context<AppEnv>,
    key: OperationKey,
    { secret }: Operation,
    { before, after }: { readonly before: unknown; readonly after: unknown },
  ): Promise<void> => {
    const { tenant, by, name } = c.get('identity');
    await audit.append(tenant, {
      at: now(),
      actor: { kind: by, name },
      action: key,
      target: targetOf(c.req.path, after),
      from: c.env?.incoming?.socket.remoteAddress ?? '',
      requestId: c.get('requestId'),
      before: before ?? null,
      after: secret === true ? '(hidden)' : (after ?? null),
    });
  };
}

/** Of what was made, its own address. */
function targetOf(path: string, after: unknown): string {
  if (typeof after !== 'object' || after === null || !('id' in after)) return path;
  const id = String(after.id);
  return path.endsWith(`/${id}`) || path.includes(`/${id}/`) ? path : `${path}/${id}`;
}
