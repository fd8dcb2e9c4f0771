/** The part of Alertmanager's API (version 2) by which amtool and dashboards ask what fires, and what is muted by what. */
import type { Alert, Labels, UnixMs } from '@tarsier/protocol';
import { Hono } from 'hono';
import { alertLabels, compileLabelTest } from '../../alert/pipeline/alert-labels.ts';
import { mutesOf, type Mute } from '../../alert/pipeline/mute.ts';
import { compilePolicies, type Policies } from '../../alert/pipeline/policies.ts';
import { readPolicies } from '../../alert/pipeline/read-policies.ts';
import { quote } from '../../query/language/text.ts';
import { compilePattern } from '../../query/pattern/pattern.ts';
import type { Storage } from '../../storage/storage.ts';
import { requireScope } from '../../tenancy/permissions.ts';
import type { TenantScope } from '../../tenant.ts';
import type { AppEnv } from '../app-env.ts';

interface Shown {
  readonly labels: Labels;
  readonly status: { readonly state: 'active' | 'suppressed' };
  readonly receivers: readonly { readonly name: string }[];
}

/** An alert that goes on is said to end so much later, as Prometheus says it of its own. */
const lastsMs = 5 * 60_000;

export function alertmanagerAlertRoutes({
  storage,
  version,
  now,
}: {
  readonly storage: Pick<Storage, 'alerts' | 'alertPolicies' | 'channels'>;
  readonly version: string;
  readonly now: () => UnixMs;
}): Hono<AppEnv> {
  const startedAt = now();

  async function firing(tenant: TenantScope, query: (name: string) => string[]): Promise<readonly Shown[]> {
    const policies = compilePolicies(await readPolicies(storage, tenant));
    const open = (await storage.alerts.open(tenant)).filter(({ state }) => state.kind === 'firing');
    const all = open.map((alert) => ({ alert, labels: alertLabels(alert) }));
    const mutes = mutesOf(all, policies.silencesAt(now()), policies.inhibitions, now());
    const matches = compileLabelTest(query('filter').map(quoted));
    const wants = (name: string): boolean => query(name).at(-1) !== 'false';
    const [receiver] = query('receiver');
    const isReceiver = receiver === undefined ? () => true : compilePattern(receiver).matches;
    return all
      .filter(({ alert, labels }) => {
        const kind = mutes.get(alert.id)?.kind;
        const wanted = kind === undefined ? wants('active') : wants(kind === 'inhibited' ? 'inhibited' : 'silenced');
        return wanted && matches(labels);
      })
      .map(({ alert, labels }) => toShown(alert, labels, policies, mutes.get(alert.id), now()))
      .filter(({ receivers }) => receiver === undefined || receivers.some(({ name }) => isReceiver(name)));
  }

  return new Hono<AppEnv>()
    .get('/status', (c) => {
      requireScope(c.get('identity'), 'read');
      return c.json({
        // Collectors of one database need no gossip of their own.
        cluster: { status: 'disabled', peers: [] },
        versionInfo: { version, revision: '', branch: '', buildUser: '', buildDate: '', goVersion: '' },
        config: { original: '' },
        uptime: new Date(startedAt).toISOString(),
      });
    })
    .get('/receivers', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      return c.json((await storage.channels.list(identity.tenant)).map(({ name }) => ({ name })));
    })
    .get('/alerts', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      return c.json(await firing(identity.tenant, (name) => c.req.queries(name) ?? []));
    })
    .get('/alerts/groups', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      const alerts = await firing(identity.tenant, (name) => c.req.queries(name) ?? []);
      const groups = Map.groupBy(alerts, ({ labels }) => labels['alertname'] ?? '');
      return c.json(
        Array.from(groups, ([alertname, members]) => ({
          labels: { alertname },
          receiver: members[0]?.receivers[0] ?? { name: '' },
          alerts: members,
        })),
      );
    });
}

/** Alertmanager takes values without quotes, too: `alertname=Disk`. */
export function quoted(matcher: string): string {
  const [, label, op, value] = /^\s*([\p{L}_:][\p{L}\d_:]*)\s*(=~|!~|!=|=(?!~))\s*([^"].*?|)\s*$/u.exec(matcher) ?? [];
  return label === undefined || value === undefined ? matcher : `${label}${op}${quote(value)}`;
}

function toShown(alert: Alert, labels: Labels, policies: Policies, mute: Mute | undefined, now: UnixMs) {
  const route = policies.routeOf(labels);
  const channels = [...policies.channels.values()].filter(
    ({ id }) => route.channels === undefined || route.channels.includes(id),
  );
  const by = mute === undefined ? [] : [mute.by ?? mute.detail];
  const updatedAt = new Date(alert.state.since).toISOString();
  return {
    labels,
    annotations: { summary: alert.reason, ...alert.annotations },
    startsAt: updatedAt,
    endsAt: new Date(now + lastsMs).toISOString(),
    updatedAt,
    fingerprint: alert.id.slice(0, 16),
    generatorURL: '',
    receivers: channels.map(({ name }) => ({ name })),
    status: {
      state: mute === undefined ? ('active' as const) : ('suppressed' as const),
      silencedBy: mute?.kind === 'inhibited' ? [] : by,
      inhibitedBy: mute?.kind === 'inhibited' ? by.map((id) => id.slice(0, 16)) : [],
      mutedBy: [],
    },
  };
}
