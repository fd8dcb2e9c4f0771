/** What a collector answers to somebody who may see all of the settings. */
const at = Date.UTC(2026, 10, 30, 12);
const session = { createdAt: at, expiresAt: at + 1e9, lastUsedAt: at, address: '127.0.0.1' };
const agent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/150.0.0.0 Safari/537.36';
const key = {
  name: 'ci',
  prefix: 'tsr_',
  lastFour: 'abcd',
  host: null,
  createdAt: at,
  lastUsedAt: at,
  revokedAt: null,
};

export const settingsAnswers: Readonly<Record<string, unknown>> = {
  '/v1/session': {
    tenant: 'default',
    scope: 'operator',
    by: 'session',
    user: { id: 'ann', email: 'ann@acme.example', role: 'owner' },
  },
  '/v1/sessions': {
    sessions: [
      { ...session, id: 's1', factor: 'totp', agent, current: true },
      { ...session, id: 's2', factor: 'link', agent: 'curl/8', current: false },
    ],
  },
  '/v1/account': {
    id: 'ann',
    email: 'ann@acme.example',
    hasPassword: true,
    hasTotp: true,
    recoveryCodesLeft: 9,
    issuer: null,
  },
  '/v1/sign-in-policy': { requireTotp: false },
  '/v1/users': {
    users: [{ id: 'ann', email: 'ann@acme.example', name: 'Ann', role: 'owner', createdAt: at }],
  },
  '/v1/invitations': {
    id: 'i1',
    token: 'tsr_invite_x',
    invitations: [{ id: 'i1', email: 'bob@acme.example', role: 'viewer', createdAt: at, expiresAt: at + 1e9 }],
  },
  '/v1/keys': {
    key: 'tsr_secret',
    keys: [
      { ...key, id: 'k1', scope: 'read', expiresAt: null },
      { ...key, id: 'k2', scope: 'ingest', expiresAt: at - 1e9, host: 'db-1' },
    ],
  },
  '/v1/limits': {
    tier: 'free',
    limits: [
      { name: 'hosts', key: '', value: 5, unit: 'hosts', source: 'tier', used: 2 },
      { name: 'requests', key: '', value: 20, unit: 'requests per second', source: 'tenant', used: null },
    ],
  },
  '/v1/cors-origins': { origins: ['https://status.example.com'] },
  '/v1/audit': {
    entries: [
      {
        number: 1,
        at,
        actor: { kind: 'session', name: 'ann@acme.example' },
        action: 'PUT /v1/cors-origins',
        target: '/v1/cors-origins',
        from: '127.0.0.1',
        requestId: 'x',
        before: null,
        after: { origins: [] },
        hash: 'x',
      },
    ],
    next: 'more',
  },
  '/v1/tenants': {
    id: '2',
    tenants: [
      { id: '1', name: 'default', tier: 'enterprise', suspendedAt: null },
      { id: '2', name: 'acme', tier: 'free', suspendedAt: at },
    ],
  },
  '/v1/tenants/2/invitations': { token: 'tsr_invite_y' },
  '/v1/tiers': {
    tiers: [
      { name: 'free', limits: { hosts: 5 }, weight: 1, tenants: 1 },
      { name: 'enterprise', limits: {}, weight: 16, tenants: 1 },
    ],
  },
};
