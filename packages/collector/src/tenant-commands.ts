/** The commands around what a tenant, its queries and its jobs may. */
import { TarsierError } from '@tarsier/protocol';
import type { LimitName } from '@tarsier/protocol/api';
import type { KeyCommand } from './key-commands.ts';

export const tenantOptions = {
  'query-samples': { type: 'string' },
  'query-series': { type: 'string' },
  'query-seconds': { type: 'string' },
  weight: { type: 'string' },
  requests: { type: 'string' },
  samples: { type: 'string' },
  series: { type: 'string' },
  hosts: { type: 'string' },
  bytes: { type: 'string' },
  subscriptions: { type: 'string' },
  'jobs-waiting': { type: 'string' },
  'jobs-running': { type: 'string' },
  'money-day': { type: 'string' },
  'money-month': { type: 'string' },
  key: { type: 'string' },
  'incidents-days': { type: 'string' },
  'notifications-days': { type: 'string' },
} as const;

export type TenantArguments = { readonly [Name in keyof typeof tenantOptions]?: string | boolean | undefined };

const most: Readonly<Record<Exclude<LimitName, QueryLimit>, number>> = {
  requests: 1e6,
  samples: 1e9,
  series: 1e8,
  hosts: 1e6,
  bytes: 1e15,
  subscriptions: 1e6,
  'jobs-waiting': 1e8,
  'jobs-running': 1e5,
  'money-day': 9e6,
  'money-month': 9e6,
};
const mostDays = 36_500;
type QueryLimit = 'query-samples' | 'query-series' | 'query-seconds';
type OtherLimit = keyof typeof most;
const ofKeys: readonly OtherLimit[] = ['requests', 'samples'];

export const tenantCommands: Readonly<Record<string, KeyCommand>> = {
  async 'tenant limits'(args, { storage, tenant }) {
    const { key = '' } = args;
    const samples = limitOf(args, 'query-samples', 1e9);
    const series = limitOf(args, 'query-series', 1e7);
    const seconds = limitOf(args, 'query-seconds', 3_600);
    const changes = {
      ...(samples === undefined ? {} : { samples }),
      ...(series === undefined ? {} : { series }),
      ...(seconds === undefined ? {} : { timeoutMs: seconds === null ? null : seconds * 1_000 }),
    };
    if (Object.keys(changes).length > 0) await storage.tenants.setQueryLimits(tenant, changes);
    for (const name of Object.keys(most) as OtherLimit[]) {
      const value = limitOf(args, name, most[name]);
      if (value === undefined) continue;
      if (key !== '' && !ofKeys.includes(name)) {
        throw new TarsierError('usage/limit', `--key: expected with --${ofKeys.join(' or --')} only, got --${name}`);
      }
      if (name === 'series') await storage.tenants.setMaxSeries(tenant, value);
      else await storage.limits.set(tenant, { name, key: String(key), value });
    }
    const limits = await storage.tenants.queryLimits(tenant);
    const timeout = limits.timeoutMs === undefined ? undefined : limits.timeoutMs / 1_000;
    const stored = await storage.limits.list(tenant);
    return [
      ['query-samples', limits.samples],
      ['query-series', limits.series],
      ['query-seconds', timeout],
      ['series', await storage.tenants.maxSeries(tenant)],
      ...(Object.keys(most) as OtherLimit[])
        .filter((name) => name !== 'series')
        .flatMap((name) => {
          const found = stored.filter((limit) => limit.name === name);
          const all = found.find((limit) => limit.key === '');
          const keys = found.filter((limit) => limit.key !== '');
          return [[name, all?.value], ...keys.map((limit) => [`${name} of key ${limit.key}`, limit.value])] as const;
        }),
    ]
      .map(([name, value]) => `${String(name)} ${value ?? 'default'}\n`)
      .join('');
  },

  async 'tenant retention'(args, { storage, tenant }) {
    const incidents = limitOf(args, 'incidents-days', mostDays);
    const notifications = limitOf(args, 'notifications-days', mostDays);
    const changes = {
      ...(incidents === undefined ? {} : { incidents }),
      ...(notifications === undefined ? {} : { notifications }),
    };
    if (Object.keys(changes).length > 0) await storage.tenants.setAlertRetention(tenant, changes);
    const days = await storage.tenants.alertRetention(tenant);
    return `incidents-days ${days.incidents ?? 'default'}\nnotifications-days ${days.notifications ?? 'default'}\n`;
  },

  async 'tenant jobs'({ weight }, { storage, tenant }) {
    if (weight !== undefined) {
      const value = Number(weight);
      if (!(value >= 0.01 && value <= 1_000)) {
        throw new TarsierError('usage/weight', `--weight: expected a number from 0.01 to 1000, got ${String(weight)}`);
      }
      await storage.jobs.setLane(tenant, '*', { weight: value });
    }
    const [all] = await storage.jobs.laneCounts(tenant);
    return `weight ${all?.weight ?? 1}\nwaiting ${all?.waiting ?? 0}\nrunning ${all?.running ?? 0}\n`;
  },
};

/** @returns null for the collector's setting, undefined for no change */
function limitOf(args: TenantArguments, name: keyof typeof tenantOptions, most: number): number | null | undefined {
  const given = args[name];
  if (given === undefined) return undefined;
  if (given === 'default') return null;
  const value = /^\d{1,15}$/u.test(String(given)) ? Number(given) : 0;
  if (value >= 1 && value <= most) return value;
  throw new TarsierError(
    'usage/limit',
    `--${name}: expected a number from 1 to ${most}, or default, got ${String(given)}`,
  );
}
