import type { NewRule } from '@tarsier/protocol/api';
import type { Storage } from '../storage/storage.ts';
import type { TenantScope } from '../tenant.ts';

const minute = 60_000;
const dayS = 86_400;
const threshold = { kind: 'threshold', op: '>', reduce: 'value', enabled: true, keepFiringMs: 0 } as const;

/** What nearly everybody wants to be told of, and what is healthy never says. docs/runbooks.md has a page for each. */
export const defaultRules: readonly NewRule[] = [
  {
    ...threshold,
    name: 'CPU busy',
    severity: 'warning',
    selector: 'cpu_busy_ratio{cpu="all"}',
    value: 0.95,
    forMs: 5 * minute,
  },
  {
    ...threshold,
    name: 'Memory nearly full',
    severity: 'critical',
    selector: 'memory_used_ratio',
    value: 0.95,
    forMs: minute,
  },
  { ...threshold, name: 'Disk filling', severity: 'warning', selector: 'disk_used_ratio', value: 0.9, forMs: minute },
  {
    ...threshold,
    name: 'Disk nearly full',
    severity: 'critical',
    selector: 'disk_used_ratio',
    value: 0.97,
    forMs: minute,
  },
  {
    ...threshold,
    name: 'Inodes nearly used up',
    severity: 'warning',
    selector: 'disk_inodes_used_ratio',
    value: 0.9,
    forMs: minute,
  },
  {
    ...threshold,
    name: 'Service failed',
    severity: 'warning',
    selector: 'systemd_unit_failed',
    op: '>=',
    value: 1,
    forMs: minute,
  },
  {
    ...threshold,
    name: 'Check fails',
    severity: 'critical',
    selector: 'http_check_up',
    op: '<',
    value: 1,
    forMs: 2 * minute,
  },
  {
    ...threshold,
    name: 'Certificate expires in two weeks',
    severity: 'warning',
    selector: 'http_check_certificate_remaining_seconds',
    op: '<',
    value: 14 * dayS,
    forMs: 0,
  },
  {
    ...threshold,
    name: 'Certificate expires in two days',
    severity: 'critical',
    selector: 'http_check_certificate_remaining_seconds',
    op: '<',
    value: 2 * dayS,
    forMs: 0,
  },
  {
    ...threshold,
    name: 'Model calls fail',
    severity: 'warning',
    selector: 'llm_error_ratio',
    value: 0.2,
    clear: 0.1,
    forMs: 5 * minute,
  },
  {
    ...threshold,
    name: 'API requests fail',
    severity: 'warning',
    selector: 'api_error_ratio',
    value: 0.1,
    clear: 0.05,
    forMs: 5 * minute,
  },
  {
    kind: 'no-data',
    name: 'Host down',
    severity: 'critical',
    enabled: true,
    // Of agents: what others send may come now and then. One that samples each minute must not be late at once.
    selector: 'cpu_busy_ratio{cpu="all"}',
    forMs: 2 * minute,
  },
  {
    kind: 'anomaly',
    name: 'Unusual CPU load',
    severity: 'info',
    enabled: true,
    selector: 'cpu_busy_ratio{cpu="all"}',
    minScore: 6,
    forMs: 0,
  },
];

/** Gives a tenant that has no rules the default ones; one who deleted some keeps it so. */
export async function ensureDefaultRules(storage: Pick<Storage, 'rules'>, scope: TenantScope): Promise<void> {
  if ((await storage.rules.list(scope)).length > 0) return;
  for (const rule of defaultRules) await storage.rules.create(scope, rule);
}
