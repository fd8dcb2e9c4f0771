/** Who may do what: scopes of keys and tokens, roles of users, and what they mean for each operation. */
import { TarsierError } from '@tarsier/protocol';
import type { Operation, Role } from '@tarsier/protocol/api';
import type { KeyScope } from '../storage/keys.ts';
import { homeTenant } from '../tenant.ts';
import type { Identity } from './authenticate.ts';

/** What a user of a role may do everywhere; who is on call may besides handle incidents and silences. */
export const scopeOf: Readonly<Record<Role, KeyScope>> = {
  owner: 'admin',
  admin: 'admin',
  editor: 'write',
  viewer: 'read',
  'on-call': 'read',
};

const includes: Readonly<Record<Identity['scope'], readonly Identity['scope'][]>> = {
  view: ['view'],
  none: ['none'],
  ingest: ['ingest'],
  read: ['view', 'read'],
  write: ['view', 'read', 'write'],
  admin: ['view', 'ingest', 'read', 'write', 'admin'],
  operator: ['view', 'ingest', 'read', 'write', 'admin', 'operator'],
};

/** @throws {TarsierError} `auth/scope` or `auth/needs-second-factor` unless the identity may do what `needed` stands for */
export function requireScope({ scope }: Pick<Identity, 'scope'>, needed: Identity['scope']): void {
  if (includes[scope].includes(needed)) return;
  if (scope === 'none') {
    throw new TarsierError('auth/needs-second-factor', 'this tenant wants a second factor: set one up first');
  }
  throw new TarsierError('auth/scope', `this needs a key of scope ${needed}; this one's is ${scope}`);
}

/** What a user may do in that tenant: who owns the first one runs the installation. */
export function userScope(role: Role, tenant: string): KeyScope {
  return role === 'owner' && tenant === homeTenant ? 'operator' : scopeOf[role];
}

/** @throws {TarsierError} `auth/scope` unless the identity may do that */
export function requireOperation(identity: Identity, operation: Operation): void {
  const { scope, view, onCall, owner } = operation;
  const role = identity.user?.role;
  if (scope === 'public') return;
  if (owner === true && role !== undefined && role !== 'owner') {
    throw new TarsierError('auth/scope', `this is for owners; this user is ${role}`);
  }
  if (onCall === true && role === 'on-call' && identity.scope !== 'none') return;
  // What anybody may is of those who are asked for alone; a page of another site is nobody.
  requireScope(identity, view === true ? 'view' : scope === 'any' ? anyOf(identity) : scope);
}

function anyOf({ scope }: Identity): Identity['scope'] {
  return scope === 'view' ? 'read' : scope;
}
