/** An issuer of OpenID Connect on this machine, which says what a test wants, also what it must not. */
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey, type JWK } from 'jose';

export interface IdToken {
  claims: Record<string, unknown>;
  sign: 'good' | 'stranger' | 'none' | 'public key as secret';
}

export interface TestIssuer {
  readonly url: string;
  /** Who signs in next, and what is wrong with what is said of them. */
  next: (honest: Record<string, unknown>) => IdToken;
  /** What the token endpoint was given. */
  readonly asked: { readonly form: URLSearchParams; readonly authorization: string | undefined }[];
  rotate(): Promise<void>;
  close(): void;
}

export async function startTestIssuer(clientId: string): Promise<TestIssuer> {
  const makeKey = async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk: JWK = { ...(await exportJWK(publicKey)), kid: randomUUID(), alg: 'RS256', use: 'sig' };
    return { jwk, privateKey };
  };
  let keys = [await makeKey()];
  const stranger = await makeKey();
  const codes = new Map<string, URLSearchParams>();
  const asked: TestIssuer['asked'][number][] = [];

  async function idTokenFor(request: URLSearchParams): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    const honest = {
      iss: issuer.url,
      aud: clientId,
      sub: 'ann-at-the-issuer',
      email: 'ann@acme.example',
      email_verified: true,
      nonce: request.get('nonce'),
      iat: now,
      exp: now + 300,
    };
    const { claims, sign } = issuer.next(honest);
    const [first] = keys;
    if (first === undefined) throw new Error('an issuer without a key');
    const signed = (key: CryptoKey | Uint8Array, header: { alg: string; kid?: string | undefined }) =>
      new SignJWT(claims).setProtectedHeader(JSON.parse(JSON.stringify(header)) as { alg: string }).sign(key);
    switch (sign) {
      case 'good':
        return signed(first.privateKey, { alg: 'RS256', kid: first.jwk.kid });
      case 'stranger':
        return signed(stranger.privateKey, { alg: 'RS256', kid: first.jwk.kid });
      case 'none':
        return new UnsecuredJWT(claims).encode();
      case 'public key as secret':
        return signed(new TextEncoder().encode(JSON.stringify(first.jwk)), { alg: 'HS256', kid: first.jwk.kid });
    }
  }

  async function answer(request: IncomingMessage): Promise<{ status: number; body?: unknown; location?: string }> {
    const url = new URL(request.url ?? '/', issuer.url);
    if (url.pathname === '/.well-known/openid-configuration') {
      const [authorize, token, jwks] = ['authorize', 'token', 'jwks'].map((path) => `${issuer.url}/${path}`);
      const body = { issuer: issuer.url, authorization_endpoint: authorize, token_endpoint: token, jwks_uri: jwks };
      return { status: 200, body };
    }
    if (url.pathname === '/jwks') return { status: 200, body: { keys: keys.map(({ jwk }) => jwk) } };
    if (url.pathname === '/authorize') {
      const code = randomUUID();
      codes.set(code, url.searchParams);
      const back = new URL(url.searchParams.get('redirect_uri') ?? '');
      back.searchParams.set('code', code);
      back.searchParams.set('state', url.searchParams.get('state') ?? '');
      back.searchParams.set('iss', issuer.url);
      return { status: 302, location: back.href };
    }
    let text = '';
    for await (const part of request) text += String(part);
    const form = new URLSearchParams(text);
    asked.push({ form, authorization: request.headers.authorization });
    const code = form.get('code') ?? '';
    const begun = codes.get(code);
    codes.delete(code);
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (begun === undefined || begun.get('code_challenge') !== challenge) {
      return { status: 400, body: { error: 'invalid_grant' } };
    }
    return { status: 200, body: { token_type: 'Bearer', access_token: 'x', id_token: await idTokenFor(begun) } };
  }

  const server = createServer((request, response) => {
    void answer(request).then(({ status, body, location }) => {
      response.writeHead(status, {
        'content-type': 'application/json',
        ...(location === undefined ? {} : { location }),
      });
      response.end(body === undefined ? '' : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const issuer: TestIssuer = {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    next: (claims) => ({ claims, sign: 'good' }),
    asked,
    async rotate() {
      keys = [await makeKey()];
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
  return issuer;
}
