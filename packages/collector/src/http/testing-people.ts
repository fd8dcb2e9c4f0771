/** People who sign in over HTTP, as a browser does. */
import type { Role } from '@tarsier/protocol/api';
import { hashPassword } from '../tenancy/passwords.ts';
import type { TestServer } from './testing.ts';

export interface Sent {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
  /** As a browser sends it back. */
  readonly cookie: string;
  readonly setCookie: string;
  readonly retryAfter: string | null;
}

export const password = 'correct horse battery';

/** Each costs a third of a second of CPU: once is enough for all. */
let hashed: Promise<string> | undefined;

/** @param admin  a key that may invite */
export function createPeople(server: TestServer, admin: string) {
  async function send(request: string, headers: Readonly<Record<string, string>>, body?: unknown): Promise<Sent> {
    const [method = '', path = ''] = request.split(' ');
    const response = await fetch(server.url + path, {
      method,
      redirect: 'manual',
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const setCookie = response.headers.get('set-cookie') ?? '';
    // Whatever is answered: each test looks at what it needs.
    const json = (text.startsWith('{') ? JSON.parse(text) : {}) as Readonly<Record<string, unknown>>;
    const retryAfter = response.headers.get('retry-after');
    return { status: response.status, json, cookie: setCookie.split(';')[0] ?? '', setCookie, retryAfter };
  }
  return {
    send,
    /** What a page of the collector sends with each request. */
    page: (cookie: string) => ({ cookie, origin: server.url }),
    /** Who has accepted long ago, with the password of all, and is signed in. */
    async member(email: string, role: Role, tenant = 'acme'): Promise<{ readonly cookie: string }> {
      const { sql, storage } = server;
      const scope = await storage.tenants.ensure(tenant);
      hashed ??= hashPassword(password);
      await sql`
        insert into account (id, email, name, password_hash, created_at)
        values (${email}, ${email}, ${email}, ${await hashed}, 1)`;
      await sql`
        insert into membership (tenant_id, account_id, role, created_at)
        values (${scope.tenantId}, ${email}, ${role}, 1)`;
      return { cookie: `tarsier_session=${await storage.sessions.create(scope, email, 600_000, Date.now())}` };
    },
    /** Invites somebody, who accepts. */
    async join(email: string, role: Role, secret = password): Promise<Sent> {
      const { json } = await send('POST /v1/invitations', { authorization: `Bearer ${admin}` }, { email, role });
      return send('POST /v1/invitations/accept', {}, { token: json['token'], name: email, password: secret });
    },
  };
}
