import type { UnixMs } from '@tarsier/protocol';
import { enrolTokenRequest, type EnrolTokenResponse } from '@tarsier/protocol/api';
import { Hono } from 'hono';
import type { Storage } from '../../storage/storage.ts';
import { requireScope } from '../../tenancy/authenticate.ts';
import type { AppEnv } from '../app-env.ts';
import { jsonBody } from '../json-body.ts';
import { parse } from '../parse.ts';

/** `POST /v1/enrol-tokens`: a token that lets a host of the tenant in, as `enrol-token create` prints it. */
export function enrolTokenRoutes({
  storage,
  now,
}: {
  readonly storage: Pick<Storage, 'enrolments'>;
  readonly now: () => UnixMs;
}): Hono<AppEnv> {
  return new Hono<AppEnv>().post('/', async (c) => {
    const identity = c.get('identity');
    requireScope(identity, 'write');
    const { name, uses, expiresInMs } = parse(enrolTokenRequest, await jsonBody(c), 'enrol/body');
    const expiresAt = now() + expiresInMs;
    const token = await storage.enrolments.createToken(identity.tenant, { name, uses, expiresAt });
    const body: EnrolTokenResponse = { token, expiresAt };
    return c.json(body, 201, { 'cache-control': 'no-store' });
  });
}
