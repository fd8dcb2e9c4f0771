/** Incidents, their timelines, and what was decided of each alert. */
import type { Alert, Decision, Incident, Message, TimelineEntry, UnixMs } from '@tarsier/protocol';
import type { NotificationSummary } from '@tarsier/protocol/api';
import type { TenantScope } from '../tenant.ts';
import type { Database, TarsierTransaction } from './database.ts';
import type { Fence } from './leases.ts';
import { dayMs } from './hours.ts';

/** What a tenant's alerts have come to: written at once, or not at all. Written twice it is the same. */
export interface AlertOutcome {
  readonly incidents: ReadonlyMap<string, Incident>;
  readonly entries: readonly TimelineEntry[];
  readonly decisions: ReadonlyMap<string, Decision>;
  readonly alerts: ReadonlyMap<string, DecidedAlert>;
  readonly notifications: readonly NewNotification[];
}

/** How far the pipeline has come with an alert: a restart goes on from there. */
export interface DecidedAlert {
  readonly id: string;
  readonly incidentId: string;
  /** The state that has been dealt with. */
  readonly decided: 'firing' | 'resolved';
  readonly told: boolean;
}

export interface NewNotification {
  /** `<incident>/<number>/<channel>`: made again after a crash it is the same one. */
  readonly id: string;
  readonly incidentId: string;
  readonly number: number;
  readonly channelId: string;
  readonly at: UnixMs;
  readonly message: Message;
}

export interface RestoredIncident {
  readonly incident: Incident;
  /** All of its alerts, those that are over included. */
  readonly alerts: readonly RestoredAlert[];
}

export interface RestoredAlert {
  readonly alert: Alert;
  readonly told: boolean;
  readonly decided: 'firing' | 'resolved';
  /** What was last decided of its beginning. */
  readonly reason: Decision['reason'] | undefined;
  readonly detail: string;
}

/** What is known of a rule's alerts of the last 30 days. */
export interface RuleHistory {
  readonly seen: number;
  /** What people said of their incidents. */
  readonly useful: number;
  readonly noise: number;
}

export interface Incidents {
  save(scope: TenantScope, outcome: AlertOutcome): Promise<void>;
  /** Those that are open, were resolved since, or still have alerts that fire. */
  current(scope: TenantScope, resolvedSince: UnixMs): Promise<readonly RestoredIncident[]>;
  /** Alerts whose state the pipeline has not dealt with, in their order. */
  undecided(scope: TenantScope): Promise<readonly Alert[]>;
  history(scope: TenantScope, now: UnixMs): Promise<ReadonlyMap<string, RuleHistory>>;
  find(scope: TenantScope, id: string): Promise<Incident | undefined>;
  /** Those of these ids that are there, the oldest first. */
  byIds(scope: TenantScope, ids: readonly string[]): Promise<readonly Incident[]>;
  /**
   * Those that people had to do with, as far as they did not call them noise, which overlap `start`..`end`: the newest,
   * newest first.
   */
  handled(
    scope: TenantScope,
    range: { readonly start: UnixMs; readonly end: UnixMs; readonly limit: number },
  ): Promise<readonly Incident[]>;
  timeline(scope: TenantScope, id: string): Promise<readonly TimelineEntry[]>;
  summary(scope: TenantScope, since: UnixMs): Promise<NotificationSummary>;
  /** The share of beginnings and ends that sent nothing of their own though there was a channel, by the tenant that had any. */
  noiseReductions(since: UnixMs): Promise<ReadonlyMap<number, number>>;
}

/** What is written is what is read: only `save` writes these columns. */
interface Body<T> {
  readonly body: T;
}

interface RestoredRow extends Body<Alert> {
  readonly incident_id: string;
  readonly told: boolean;
  readonly decided: 'firing' | 'resolved';
  readonly decision: Decision | null;
}

export function createIncidents({ run, begin, system }: Database, fence: Fence): Incidents {
  return {
    async save(scope, outcome) {
      const { tenantId } = scope;
      await begin(scope, async (tx) => {
        await fence(tx, scope);
        await saveIncidents(tx, tenantId, [...outcome.incidents.values()]);
        await saveEntries(tx, tenantId, outcome.entries);
        await saveDecisions(tx, tenantId, [...outcome.decisions.values()]);
        await markAlerts(tx, tenantId, [...outcome.alerts.values()]);
        await saveNotifications(tx, tenantId, outcome.notifications);
      });
    },

    async current(scope, resolvedSince) {
      const { tenantId } = scope;
      const incidents = await run(
        scope,
        (sql) => sql<Body<Incident>[]>`
        select body from incident i
        where tenant_id = ${tenantId} and (status = 'open' or resolved_at > ${resolvedSince} or exists (
          select 1 from alert a where a.tenant_id = ${tenantId} and a.incident_id = i.id and a.decided = 'firing'))
        order by opened_at`,
      );
      const alerts = await run(
        scope,
        (sql) => sql<RestoredRow[]>`
        select a.incident_id, a.body, a.told, a.decided, d.body as decision from alert a
        left join alert_decision d on d.tenant_id = a.tenant_id and d.id = a.id || '/firing'
        where a.tenant_id = ${tenantId} and a.incident_id in ${sql(['', ...incidents.map(({ body }) => body.id)])}`,
      );
      const byIncident = Map.groupBy(alerts, ({ incident_id }) => incident_id);
      return incidents.map(({ body: incident }) => ({
        incident,
        alerts: (byIncident.get(incident.id) ?? []).map(({ body, told, decided, decision }) => ({
          alert: body,
          told,
          decided,
          reason: decision?.reason,
          detail: decision?.detail ?? '',
        })),
      }));
    },

    async undecided(scope) {
      const { tenantId } = scope;
      const rows = await run(
        scope,
        (sql) => sql<Body<Alert>[]>`
        select body from alert
        where tenant_id = ${tenantId} and state <> 'pending' and decided is distinct from state
        order by since, id`,
      );
      return rows.map(({ body }) => body);
    },

    async history(scope, now) {
      const { tenantId } = scope;
      const rows = await run(
        scope,
        (sql) => sql<{ rule: string; seen: number; useful: number; noise: number }[]>`
        select a.body ->> 'ruleId' as rule, count(*) as seen,
          count(distinct i.id) filter (where i.body ->> 'feedback' = 'useful') as useful,
          count(distinct i.id) filter (where i.body ->> 'feedback' = 'noise') as noise
        from alert a left join incident i on i.tenant_id = a.tenant_id and i.id = a.incident_id
        where a.tenant_id = ${tenantId} and a.state <> 'pending' and a.since > ${now - 30 * dayMs}
        group by 1`,
      );
      return new Map(rows.map(({ rule, ...counts }) => [rule, counts]));
    },

    async byIds(scope, ids) {
      const { tenantId } = scope;
      const rows = await run(
        scope,
        (sql) => sql<Body<Incident>[]>`
        select body from incident where tenant_id = ${tenantId} and id = any(${[...ids]}::text[]) order by opened_at, id`,
      );
      return rows.map(({ body }) => body);
    },

    async find(scope, id) {
      const { tenantId } = scope;
      const [row] = await run(
        scope,
        (sql) => sql<Body<Incident>[]>`select body from incident where tenant_id = ${tenantId} and id = ${id}`,
      );
      return row?.body;
    },

    async handled(scope, { start, end, limit }) {
      const { tenantId } = scope;
      const rows = await run(
        scope,
        (sql) => sql<Body<Incident>[]>`
        select body from incident
        where tenant_id = ${tenantId} and opened_at <= ${end} and (resolved_at is null or resolved_at >= ${start})
          and (body ->> 'feedback' = 'useful'
            or (not body ? 'feedback' and (body ? 'acknowledged' or body ? 'assignee')))
        order by opened_at desc, id desc limit ${limit}`,
      );
      return rows.map(({ body }) => body);
    },

    async timeline(scope, id) {
      const { tenantId } = scope;
      const rows = await run(
        scope,
        (sql) => sql<Body<TimelineEntry>[]>`
        select body from incident_entry where tenant_id = ${tenantId} and incident_id = ${id} order by number`,
      );
      return rows.map(({ body }) => body);
    },

    async summary(scope, since) {
      const { tenantId } = scope;
      const reasons = await run(
        scope,
        (sql) => sql<{ reason: string; told: boolean; count: number }[]>`
        select reason, told, count(*) as count from alert_decision
        where tenant_id = ${tenantId} and kind = 'alert' and at > ${since}
        group by 1, 2 order by 3 desc, 1`,
      );
      const changes = reasons.reduce((sum, { count }) => sum + count, 0);
      const told = reasons.reduce((sum, { told, count }) => sum + (told ? count : 0), 0);
      const unheard = reasons.reduce((sum, { reason, count }) => sum + (reason === 'no-channel' ? count : 0), 0);
      const endless = reasons.reduce((sum, { reason, count }) => sum + (reason === 'never-told' ? count : 0), 0);
      const noiseReduction = spared({ changes, told, unheard, endless });
      return { changes, told, noiseReduction, reasons: [...reasons] };
    },

    async noiseReductions(since) {
      const rows = await system.sql<({ tenant_id: number } & Decided)[]>`
        select tenant_id, decided.* from tenant t cross join lateral (
          select count(*)::int as changes, (count(*) filter (where told))::int as told,
            (count(*) filter (where reason = 'no-channel'))::int as unheard,
            (count(*) filter (where reason = 'never-told'))::int as endless
          from alert_decision d
          where d.tenant_id = t.tenant_id and d.kind = 'alert' and d.at > ${since}) as decided
        where changes > 0`;
      return new Map(rows.map(({ tenant_id, ...decided }) => [tenant_id, spared(decided)]));
    },
  };
}

interface Decided {
  readonly changes: number;
  readonly told: number;
  /** Beginnings that no channel would have heard of. */
  readonly unheard: number;
  /** Ends of what was not told. */
  readonly endless: number;
}

/** Where there is no channel nobody was spared anything: such beginnings, and as many ends, do not count. */
function spared({ changes, told, unheard, endless }: Decided): number {
  const counted = changes - unheard - Math.min(endless, unheard);
  return counted <= 0 ? 0 : 1 - told / counted;
}

/** As text first: the driver would encode the JSON once more. */
function asRows(rows: readonly object[]): string {
  return JSON.stringify(rows);
}

async function saveIncidents(tx: TarsierTransaction, tenantId: number, incidents: readonly Incident[]): Promise<void> {
  if (incidents.length === 0) return;
  await tx`
    insert into incident (tenant_id, id, status, opened_at, resolved_at, priority, body)
    select ${tenantId}, body ->> 'id', body ->> 'status', (body ->> 'openedAt')::bigint, (body ->> 'resolvedAt')::bigint,
      (body -> 'priority' ->> 'score')::float8, body
    from jsonb_array_elements(${asRows(incidents)}::text::jsonb) as body
    on conflict (tenant_id, id) do update set status = excluded.status, resolved_at = excluded.resolved_at,
      priority = excluded.priority, body = excluded.body`;
}

async function saveEntries(tx: TarsierTransaction, tenantId: number, entries: readonly TimelineEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await tx`
    insert into incident_entry (tenant_id, incident_id, number, at, body)
    select ${tenantId}, body ->> 'incidentId', (body ->> 'number')::int, (body ->> 'at')::bigint, body
    from jsonb_array_elements(${asRows(entries)}::text::jsonb) as body on conflict do nothing`;
}

async function saveDecisions(tx: TarsierTransaction, tenantId: number, decisions: readonly Decision[]): Promise<void> {
  if (decisions.length === 0) return;
  await tx`
    insert into alert_decision (tenant_id, id, at, incident_id, kind, told, reason, body)
    select ${tenantId}, body ->> 'id', (body ->> 'at')::bigint, body ->> 'incidentId', body ->> 'kind',
      (body ->> 'told')::boolean, body ->> 'reason', body
    from jsonb_array_elements(${asRows(decisions)}::text::jsonb) as body
    on conflict (tenant_id, id) do update set told = excluded.told, reason = excluded.reason, body = excluded.body`;
}

async function markAlerts(tx: TarsierTransaction, tenantId: number, alerts: readonly DecidedAlert[]): Promise<void> {
  if (alerts.length === 0) return;
  await tx`
    update alert set incident_id = marked."incidentId", decided = marked.decided, told = marked.told
    from jsonb_to_recordset(${asRows(alerts)}::text::jsonb)
      as marked (id text, "incidentId" text, decided text, told boolean)
    where alert.tenant_id = ${tenantId} and alert.id = marked.id`;
}

async function saveNotifications(
  tx: TarsierTransaction,
  tenantId: number,
  notifications: readonly NewNotification[],
): Promise<void> {
  if (notifications.length === 0) return;
  await tx`
    insert into notification (tenant_id, id, channel_id, incident_id, number, body, created_at, due_at)
    select ${tenantId}, row ->> 'id', row ->> 'channelId', row ->> 'incidentId', (row ->> 'number')::int,
      row -> 'message', (row ->> 'at')::bigint, (row ->> 'at')::bigint
    from jsonb_array_elements(${asRows(notifications)}::text::jsonb) as row on conflict do nothing`;
}
