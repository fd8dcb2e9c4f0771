import type { UnixMs } from '@tarsier/protocol';
import type { Storage } from '../../storage/storage.ts';
import type { Api } from '../api/call.ts';

/** `POST /v1/enrol-tokens`: a token that lets a host of the tenant in, as `enrol-token create` prints it. */
export function enrolTokenRoutes(
  api: Api,
  { storage, now }: { readonly storage: Pick<Storage, 'enrolments'>; readonly now: () => UnixMs },
): void {
  api.on('POST /v1/enrol-tokens', async ({ c, tenant, body: { name, uses, expiresInMs } }) => {
    const expiresAt = now() + expiresInMs;
    const token = await storage.enrolments.createToken(tenant, { name, uses, expiresAt });
    c.header('cache-control', 'no-store');
    return { token, expiresAt };
  });
}
