/** Lists that are read in parts: each part goes on after the key that the one before ended with. */
import type { Alert, Anomaly, AnomalyEvent, Decision, Incident, Message } from '@tarsier/protocol';
import type {
  AlertFilter,
  AnomalyEventFilter,
  AnomalyFilter,
  IncidentFilter,
  NotificationFilter,
  NotificationRecord,
  UnsentFilter,
} from '@tarsier/protocol/api';
import type { TenantScope } from '../tenant.ts';
import { decodeCursor, pageOf, type Page } from './cursor.ts';
import type { Database, TarsierSql } from './database.ts';

/** All throw {TarsierError} `http/cursor`. */
export interface Lists {
  /** Newest first, as are all but incidents by priority. */
  alerts(scope: TenantScope, filter: AlertFilter): Promise<Page<Alert>>;
  /** Those that overlap `start`..`end`. */
  anomalies(scope: TenantScope, filter: AnomalyFilter): Promise<Page<Anomaly>>;
  anomalyEvents(scope: TenantScope, filter: AnomalyEventFilter): Promise<Page<AnomalyEvent>>;
  incidents(scope: TenantScope, filter: IncidentFilter): Promise<Page<Incident>>;
  notifications(scope: TenantScope, filter: NotificationFilter): Promise<Page<NotificationRecord>>;
  /** What was not told; of one incident where it is named. */
  unsent(scope: TenantScope, filter: UnsentFilter & { readonly incident?: string }): Promise<Page<Decision>>;
}

interface Keyed<T> {
  readonly body: T;
  /** What the list is sorted by. */
  readonly key: readonly (number | string)[];
}

interface NotificationRow extends Keyed<Message> {
  readonly id: string;
  readonly channel_id: string;
  readonly incident_id: string;
  readonly created_at: number;
  readonly attempts: number;
  readonly due_at: number | null;
  readonly sent_at: number | null;
  readonly error: string | null;
}

export function createLists({ run }: Database): Lists {
  return {
    async alerts(scope, { state, severity, host, name, limit, cursor }) {
      const { tenantId } = scope;
      const rows = await run(
        scope,
        (sql) => sql<Keyed<Alert>[]>`
        select body, jsonb_build_array(since, id) as key from alert
        where tenant_id = ${tenantId} ${where(sql, 'state', state)} ${inBody(sql, 'severity', severity)} ${inBody(sql, 'host', host)}
          ${inBody(sql, 'name', name)} ${after(sql, 'since', cursor)}
        order by since desc, id desc limit ${limit + 1}`,
      );
      return pageOf(rows, limit, ({ body }) => body, keyOf);
    },
    async anomalies(scope, { start, end, host, detector, limit, cursor }) {
      const { tenantId } = scope;
      const rows = await run(
        scope,
        (sql) => sql<Keyed<Anomaly>[]>`
        select body, jsonb_build_array(start, id) as key from anomaly
        where tenant_id = ${tenantId} and start <= ${end} and ("end" is null or "end" >= ${start})
          ${where(sql, 'host', host)} ${inBody(sql, 'detector', detector)} ${after(sql, 'start', cursor)}
        order by start desc, id desc limit ${limit + 1}`,
      );
      return pageOf(rows, limit, ({ body }) => body, keyOf);
    },
    async anomalyEvents(scope, { start, end, host, limit, cursor }) {
      const { tenantId } = scope;
      const rows = await run(
        scope,
        (sql) => sql<Keyed<AnomalyEvent>[]>`
        select body, jsonb_build_array(start, id) as key from anomaly_event
        where tenant_id = ${tenantId} and start <= ${end} and ("end" is null or "end" >= ${start})
          ${where(sql, 'host', host)} ${after(sql, 'start', cursor)}
        order by start desc, id desc limit ${limit + 1}`,
      );
      return pageOf(rows, limit, ({ body }) => body, keyOf);
    },
    async incidents(scope, { status, severity, assignee, sort, limit, cursor }) {
      const { tenantId } = scope;
      const filters = (sql: TarsierSql) => sql`
        ${where(sql, 'status', status)} ${inBody(sql, 'severity', severity)} ${inBody(sql, 'assignee', assignee)}`;
      if (sort === 'newest') {
        const rows = await run(
          scope,
          (sql) => sql<Keyed<Incident>[]>`
          select body, jsonb_build_array(opened_at, id) as key from incident
          where tenant_id = ${tenantId} ${filters(sql)} ${after(sql, 'opened_at', cursor)}
          order by opened_at desc, id desc limit ${limit + 1}`,
        );
        return pageOf(rows, limit, ({ body }) => body, keyOf);
      }
      const before = cursor === undefined ? undefined : decodeCursor(cursor, ['number', 'number', 'string']);
      const rows = await run(
        scope,
        (sql) => sql<Keyed<Incident>[]>`
        select body, jsonb_build_array(priority, opened_at, id) as key from incident
        where tenant_id = ${tenantId} ${filters(sql)}
          ${before === undefined ? sql`` : sql`and (priority, opened_at, id) < (${before[0]}::float8, ${before[1]}::float8::bigint, ${before[2]})`}
        order by priority desc, opened_at desc, id desc limit ${limit + 1}`,
      );
      return pageOf(rows, limit, ({ body }) => body, keyOf);
    },
    async notifications(scope, { incident, channel, limit, cursor }) {
      const { tenantId } = scope;
      const before = cursor === undefined ? undefined : decodeCursor(cursor, ['number', 'number', 'string']);
      const rows = await run(
        scope,
        (sql) => sql<NotificationRow[]>`
        select id, channel_id, incident_id, created_at, attempts, due_at, sent_at, error, body,
          jsonb_build_array(created_at, number, id) as key
        from notification
        where tenant_id = ${tenantId} and incident_id <> '' ${where(sql, 'incident_id', incident)}
          ${where(sql, 'channel_id', channel)}
          ${before === undefined ? sql`` : sql`and (created_at, number, id) < (${before[0]}::float8::bigint, ${before[1]}::float8::int, ${before[2]})`}
        order by created_at desc, number desc, id desc limit ${limit + 1}`,
      );
      return pageOf(rows, limit, toNotification, keyOf);
    },
    async unsent(scope, { incident, reason, limit, cursor }) {
      const { tenantId } = scope;
      const rows = await run(
        scope,
        (sql) => sql<Keyed<Decision>[]>`
        select body, jsonb_build_array(at, id) as key from alert_decision
        where tenant_id = ${tenantId} and not told ${where(sql, 'reason', reason)}
          ${where(sql, 'incident_id', incident)} ${after(sql, 'at', cursor)}
        order by at desc, id desc limit ${limit + 1}`,
      );
      return pageOf(rows, limit, ({ body }) => body, keyOf);
    },
  };
}

const where = (sql: TarsierSql, column: string, value: string | undefined) =>
  value === undefined ? sql`` : sql`and ${sql(column)} = ${value}`;

const inBody = (sql: TarsierSql, field: string, value: string | undefined) =>
  value === undefined ? sql`` : sql`and body ->> ${field} = ${value}`;

/** `(time, id)` before where the last part ended. */
function after(sql: TarsierSql, column: string, cursor: string | undefined) {
  if (cursor === undefined) return sql``;
  const [time, id] = decodeCursor(cursor, ['number', 'string']);
  return sql`and (${sql(column)}, id) < (${time}::float8::bigint, ${id})`;
}

const keyOf = ({ key }: Keyed<unknown>): Keyed<unknown>['key'] => key;

function toNotification(row: NotificationRow): NotificationRecord {
  return {
    id: row.id,
    channelId: row.channel_id,
    incidentId: row.incident_id,
    createdAt: row.created_at,
    state: row.sent_at === null ? (row.due_at === null ? 'given-up' : 'waiting') : 'sent',
    attempts: row.attempts,
    ...(row.sent_at === null ? {} : { sentAt: row.sent_at }),
    ...(row.error === null ? {} : { error: row.error }),
    message: row.body,
  };
}
