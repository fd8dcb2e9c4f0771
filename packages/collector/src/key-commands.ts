/** The commands around keys: what they take from the command line, and what they print. */
import { TarsierError, type UnixMs } from '@tarsier/protocol';
import { keyPrefix, keyScopes, type KeyRow } from './storage/keys.ts';
import type { Storage } from './storage/storage.ts';
import type { TenantArguments } from './tenant-commands.ts';
import type { TenantScope } from './tenant.ts';
import { minuteText, textTable } from './text-table.ts';

/** Options of these commands, as `parseArgs` wants them. */
export const keyOptions = {
  tenant: { type: 'string' },
  scope: { type: 'string' },
  name: { type: 'string' },
  id: { type: 'string' },
  host: { type: 'string' },
  'expires-in': { type: 'string' },
  overlap: { type: 'string' },
  uses: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export type KeyArguments = {
  readonly [Name in keyof typeof keyOptions]?: string | boolean | undefined;
} & TenantArguments;

type Context = { readonly storage: Storage; readonly tenant: TenantScope; readonly now: () => UnixMs };

/** @returns what goes to stdout; @throws {TarsierError} `usage/…` */
export type KeyCommand = (args: KeyArguments, context: Context) => Promise<string>;

export const keyCommands: Readonly<Record<string, KeyCommand>> = {
  async 'key create'({ scope, name = 'command line', 'expires-in': expiresIn }, { storage, tenant, now }) {
    const keyScope = keyScopes.find((known) => known === scope);
    if (keyScope === undefined) {
      throw new TarsierError(
        'usage/scope',
        `--scope: expected one of ${keyScopes.join(', ')}, got ${String(scope ?? 'nothing')}`,
      );
    }
    const expiresAt =
      expiresIn === undefined ? undefined : now() + durationMs('expires-in', String(expiresIn), 5 * 366);
    return `${await storage.keys.create(tenant, { name: String(name), scope: keyScope, expiresAt })}\n`;
  },

  async 'key list'({ json }, { storage, tenant }) {
    const keys = await storage.keys.list(tenant);
    return json === true ? `${JSON.stringify(keys)}\n` : keyTable(keys);
  },

  async 'key rotate'({ id, overlap = '1d' }, { storage, tenant, now }) {
    const rotated =
      id === undefined
        ? undefined
        : await storage.keys.rotate(tenant, String(id), now() + durationMs('overlap', String(overlap)));
    if (rotated === undefined) {
      throw new TarsierError(
        'usage/revoke',
        `--id: expected the id of a key in use in tenant ${tenant.tenant}, got ${String(id ?? 'nothing')}; key list shows them`,
      );
    }
    return `${rotated.key}\n`;
  },

  async 'key revoke'({ id, host }, { storage, tenant }) {
    if ((id === undefined) === (host === undefined))
      throw new TarsierError('usage/revoke', 'expected either --id or --host; key list shows both');
    const ended = await storage.keys.revoke(tenant, id === undefined ? { host: String(host) } : { id: String(id) });
    if (ended.length === 0) {
      const which = id === undefined ? `for host ${String(host)}` : `with id ${String(id)}`;
      throw new TarsierError('usage/revoke', `there is no key in use ${which} in tenant ${tenant.tenant}`);
    }
    return keyTable(ended);
  },

  async 'enrol-token create'(
    { name = 'command line', 'expires-in': expiresIn = '1h', uses = '1' },
    { storage, tenant, now },
  ) {
    const expiresAt = now() + durationMs('expires-in', String(expiresIn));
    return `${await storage.enrolments.createToken(tenant, { name: String(name), expiresAt, uses: countOf(String(uses)) })}\n`;
  },
};

const unitsMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const dayMs = 86_400_000;
const mostUses = 10_000;

function durationMs(option: 'expires-in' | 'overlap', text: string, mostDays = 30): number {
  const [, count, unit = ''] = /^(\d{1,4})([mhd])$/u.exec(text) ?? [];
  const ms = Number(count) * (unitsMs[unit] ?? Number.NaN);
  if (ms > 0 && ms <= mostDays * dayMs) return ms;
  throw new TarsierError(
    'usage/expires-in',
    `--${option}: expected up to ${mostDays} days, as in 30m, 1h or 7d, got ${text}`,
  );
}

function countOf(text: string): number {
  const count = /^\d{1,5}$/u.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= mostUses) return count;
  throw new TarsierError('usage/uses', `--uses: expected a number from 1 to ${mostUses}, got ${text}`);
}

function keyTable(keys: readonly KeyRow[]): string {
  const rows = keys.map(({ id, scope, host, name, lastFour, createdAt, expiresAt, lastUsedAt, revokedAt }) => [
    id,
    scope,
    host ?? 'any',
    `${keyPrefix}…${lastFour}`,
    minuteText(createdAt),
    lastUsedAt === null ? 'never' : minuteText(lastUsedAt),
    expiresAt === null ? 'never' : minuteText(expiresAt),
    revokedAt === null ? 'in use' : 'revoked',
    name,
  ]);
  return textTable([['ID', 'SCOPE', 'HOST', 'KEY', 'CREATED', 'LAST USED', 'EXPIRES', 'STATE', 'NAME'], ...rows]);
}
