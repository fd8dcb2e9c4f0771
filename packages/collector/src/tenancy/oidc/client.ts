/** OpenID Connect from the side of the one who relies on it: discovery, authorization code with PKCE, the id_token. */
import { createHash } from 'node:crypto';
import { TarsierError, type UnixMs } from '@tarsier/protocol';
import { createRemoteJWKSet, customFetch, errors, jwtVerify, type JWTPayload } from 'jose';
import { z } from 'zod';
import { sameText } from '../same-text.ts';
import type { OidcProvider } from './provider.ts';

/** None with a shared secret: a public key taken for one (HS/RS swap) is refused before any is looked at. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const timeoutMs = 10_000;
const discoveryMs = 3_600_000;
/** An issuer may change its keys at any time: one that is not known is asked for, but not more often. */
const keysCooldownMs = 1_000;
const maxBytes = 256 * 1024;
const clockToleranceS = 30;
const maxAgeS = 600;

const discoverySchema = z.object({
  issuer: z.string(),
  authorization_endpoint: z.url(),
  token_endpoint: z.url(),
  jwks_uri: z.url(),
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
});
type Discovery = z.infer<typeof discoverySchema>;

export interface OidcFlow {
  readonly state: string;
  readonly nonce: string;
  /** PKCE: what the code is worth nothing without. */
  readonly verifier: string;
  readonly redirectUri: string;
}

export interface OidcClient {
  readonly provider: OidcProvider;
  /** Where a browser goes. @throws {TarsierError} `auth/oidc-issuer` */
  authorizationUrl(flow: OidcFlow): Promise<string>;
  /**
   * Hands the code in and checks what comes for it.
   *
   * @returns the claims of the id_token
   * @throws {TarsierError} `auth/oidc-issuer`, `auth/oidc-token`
   */
  redeem(code: string, flow: OidcFlow): Promise<JWTPayload & { readonly sub: string }>;
}

export function createOidcClient({
  provider,
  fetch,
  now,
}: {
  readonly provider: OidcProvider;
  readonly fetch: typeof globalThis.fetch;
  readonly now: () => UnixMs;
}): OidcClient {
  const { issuer, clientId, clientSecret } = provider;
  let discovered: { readonly at: UnixMs; readonly what: Promise<Discovery> } | undefined;
  let keys: { readonly uri: string; readonly find: ReturnType<typeof createRemoteJWKSet> } | undefined;

  function discover(): Promise<Discovery> {
    if (discovered !== undefined && now() - discovered.at < discoveryMs) return discovered.what;
    const what = readDiscovery();
    discovered = { at: now(), what };
    what.catch(() => (discovered = undefined));
    return what;
  }

  async function readDiscovery(): Promise<Discovery> {
    const body = await ask(`${issuer.replace(/\/$/u, '')}/.well-known/openid-configuration`, {});
    const parsed = discoverySchema.safeParse(body);
    if (!parsed.success) throw unreachable('its configuration is not what OpenID Connect Discovery says', parsed.error);
    // Else one issuer could speak in the name of another.
    if (parsed.data.issuer !== issuer) throw unreachable(`its configuration is of issuer ${parsed.data.issuer}`);
    return parsed.data;
  }

  async function ask(url: string, init: RequestInit): Promise<unknown> {
    try {
      const response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
      const text = await readText(response);
      if (response.ok) return JSON.parse(text);
      const said = z.object({ error: z.string().max(100) }).safeParse(safeJson(text));
      throw unreachable(`it answered ${response.status}${said.success ? ` ${said.data.error}` : ''}`);
    } catch (cause) {
      if (cause instanceof TarsierError) throw cause;
      throw unreachable('it does not answer', cause);
    }
  }

  function unreachable(why: string, cause?: unknown): TarsierError {
    return new TarsierError('auth/oidc-issuer', `${issuer}: ${why}`, { cause, retryable: true });
  }

  return {
    provider,
    async authorizationUrl({ state, nonce, verifier, redirectUri }) {
      const url = new URL((await discover()).authorization_endpoint);
      const parameters = {
        response_type: 'code',
        client_id: clientId,
        redirect_uri: redirectUri,
        scope: provider.scopes.join(' '),
        state,
        nonce,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      };
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
      return url.href;
    },
    async redeem(code, { nonce, verifier, redirectUri }) {
      const { token_endpoint, jwks_uri, token_endpoint_auth_methods_supported: methods } = await discover();
      const form = new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        redirect_uri: redirectUri,
        code_verifier: verifier,
      });
      const headers: Record<string, string> = { accept: 'application/json' };
      const byPost = methods !== undefined && !methods.includes('client_secret_basic');
      if (clientSecret === undefined || byPost) form.set('client_id', clientId);
      if (clientSecret !== undefined && byPost) form.set('client_secret', clientSecret);
      if (clientSecret !== undefined && !byPost) headers['authorization'] = basic(clientId, clientSecret);
      const answer = await ask(token_endpoint, { method: 'POST', headers, body: form });
      const parsed = z.object({ id_token: z.string().max(64 * 1024) }).safeParse(answer);
      if (!parsed.success) throw unreachable('it answered without an id_token');
      if (keys?.uri !== jwks_uri) {
        const options = { timeoutDuration: timeoutMs, cooldownDuration: keysCooldownMs, [customFetch]: fetch };
        keys = { uri: jwks_uri, find: createRemoteJWKSet(new URL(jwks_uri), options) };
      }
      const { payload } = await jwtVerify(parsed.data.id_token, keys.find, {
        algorithms,
        issuer,
        audience: clientId,
        clockTolerance: clockToleranceS,
        maxTokenAge: maxAgeS,
        requiredClaims: ['exp', 'iat', 'sub', 'nonce'],
        currentDate: new Date(now()),
      }).catch((error: unknown) => {
        if (error instanceof errors.JOSEError) throw refused(error.message, error);
        throw unreachable('its keys could not be read', error);
      });
      if (!sameText(String(payload['nonce']), nonce)) throw refused('its nonce is of another sign-in');
      const { azp, aud, sub } = payload;
      if ((Array.isArray(aud) && aud.length > 1 && azp === undefined) || (azp !== undefined && azp !== clientId)) {
        throw refused('it was made for another client');
      }
      if (sub === undefined || sub === '') throw refused('it names nobody');
      return { ...payload, sub };
    },
  };
}

function refused(why: string, cause?: unknown): TarsierError {
  return new TarsierError('auth/oidc-token', `the issuer's id_token is not valid: ${why}`, { cause });
}

/** RFC 6749, 2.3.1: both are form-encoded first. */
function basic(id: string, secret: string): string {
  const encode = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString('base64')}`;
}

async function readText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > maxBytes) throw new Error(`an answer of more than ${maxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
