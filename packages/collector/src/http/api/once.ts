/** `idempotency-key`: a request that is sent again is not done again, and gets the answer that the first one got. */
import { createHash } from 'node:crypto';
import { TarsierError } from '@tarsier/protocol';
import type { Operation } from '@tarsier/protocol/api';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Storage } from '../../storage/storage.ts';
import type { TenantScope } from '../../tenant.ts';
import type { AppEnv } from '../app-env.ts';

/** How long keys are remembered. */
export const keptMs = 24 * 3_600_000;

/** Keeps what is answered, so that it can be answered again. @param tenant  of the change */
export type Keep = (tenant: TenantScope, response: Response) => Promise<void>;
export const keepNothing: Keep = () => Promise.resolve();

export function createOnce({
  storage: { idempotency },
  now,
}: {
  readonly storage: Pick<Storage, 'idempotency'>;
  readonly now: () => number;
}) {
  return async (
    c: Context<AppEnv>,
    operation: Operation,
    body: unknown,
    answer: (keep: Keep) => Promise<Response>,
  ): Promise<Response> => {
    const key = c.req.header('idempotency-key');
    const identity = c.get('identity');
    if (key === undefined || identity === undefined) return answer(keepNothing);
    if (!/^[\u0021-\u007e]{1,255}$/u.test(key)) {
      throw new TarsierError('http/idempotency-key', 'idempotency-key: expected 1 to 255 printable characters', {
        field: 'idempotency-key',
      });
    }
    const { tenant } = identity;
    const hash = hashOf(identity.keyId ?? identity.name, key);
    const request = hashOf(c.req.method, c.req.path, JSON.stringify(body ?? null));
    const known = await idempotency.claim(tenant, hash, request, now());
    if (known !== undefined) return again(c, known, request);
    try {
      // With the change itself: neither is there without the other, whenever the collector dies.
      return await answer(async (within, response) => {
        const kept = operation.secret === true ? undefined : await response.clone().text();
        await idempotency.keep(within, hash, { status: response.status, body: kept });
      });
    } catch (error) {
      await idempotency.forget(tenant, hash);
      throw error;
    }
  };
}

function again(
  c: Context<AppEnv>,
  known: NonNullable<Awaited<ReturnType<Storage['idempotency']['claim']>>>,
  request: Uint8Array,
): Response {
  if (Buffer.compare(known.request, request) !== 0) {
    const message = 'idempotency-key: this one was used for another request';
    throw new TarsierError('http/idempotency-reuse', message, { field: 'idempotency-key' });
  }
  const { answer } = known;
  if (answer === undefined) {
    const message = 'idempotency-key: the first request with it is under way';
    throw new TarsierError('http/idempotency-busy', message, { field: 'idempotency-key', retryable: true });
  }
  if (answer.body === undefined) {
    const message = 'idempotency-key: it was done before, and what it answered is shown only once';
    throw new TarsierError('http/idempotency-secret', message, { field: 'idempotency-key' });
  }
  const headers = { 'content-type': 'application/json', 'idempotency-replayed': 'true' };
  // What `keep` was given.
  return c.body(answer.body, answer.status as ContentfulStatusCode, headers);
}

function hashOf(...parts: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest();
}
